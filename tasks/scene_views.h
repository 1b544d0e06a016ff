// A task's start seen from many sides, with exact depth: what 3-D probes look at.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/depth_view.h"
#include "sim/egl_renderer.h"
#include "tasks/task.h"

namespace vega {

// Views stand on a part of a sphere about the point the scene camera looks at, from left to right;
// a clip is the way the camera comes to its view, at the view's height.
struct SceneViewOptions {
  int views = 8;         // of each scene, >= 2
  int size = 128;        // pixels, square
  int clip_length = 1;   // T
  double clip_step = 2;  // degrees the camera turns between two frames of a clip
  double azimuth = 60;   // degrees to each side of the scene camera
  double elevation_low = 25, elevation_high = 60;  // degrees above the point looked at
  double distance_low = 0.8, distance_high = 1.2;  // of the scene camera's own
  int init = 0;  // initial state; tasks without any start from their first reset
  uint64_t seed = 0;
};

struct SeenScene {
  std::vector<ViewClip> clips;               // one a view
  std::array<double, 3> base_position{};     // m, world: of the robot's base
  std::array<double, 9> base_rotation{};     // 3x3 row by row: its axes to world
  std::vector<std::string> geom_categories;  // by geom id; see tasks/scene/geom_categories.h
};

// Draws from `seed`, the task's suite and its name alone. Throws Error when the task has no such
// initial state, no camera "agentview" or no robot, or when that camera looks at nothing.
SeenScene SceneViews(const std::shared_ptr<const Task>& task, const SceneViewOptions& options,
                     EglRenderer& renderer);

}  // namespace vega
