// The 3-D picture behind the panels: draws a snapshot into the window and moves its camera by
// MuJoCo's conventions.

#pragma once

#include <mujoco/mujoco.h>

#include <array>

#include "sim/model.h"
#include "viewer/session.h"

namespace vega {

class SceneView {
 public:
  // Needs the window's OpenGL context to be current, for as long as it lives.
  explicit SceneView(ModelPtr model);
  ~SceneView();
  SceneView(const SceneView&) = delete;
  SceneView& operator=(const SceneView&) = delete;

  // Takes over the snapshot's state.
  void Show(const Snapshot& snapshot);
  // Draws into the window's framebuffer, all of it, in pixels.
  void Draw(int width, int height);
  // Left drag orbits, right drag pans, middle drag and wheel zoom; dx, dy in window heights.
  void MoveCamera(mjtMouse action, double dx, double dy);

  // Fixed cameras by name; index -1 is the free camera.
  int camera() const { return camera_.type == mjCAMERA_FIXED ? camera_.fixedcamid : -1; }
  void SetCamera(int index);
  mjvOption& options() { return options_; }
  const mjModel& model() const { return view_.get(); }

 private:
  // Turns the free camera to the workspace below the gripper, m, world frame.
  void AimAt(const std::array<double, 3>& eef_pos);

  bool aimed_ = false;  // once, at the first state shown
  ModelView view_;
  mjData* data_ = nullptr;
  mjvScene scene_;
  mjvOption options_;
  mjvCamera camera_;
  mjrContext context_;
};

}  // namespace vega
