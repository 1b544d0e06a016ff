// One worker's environment over a task: LIBERO's reset, set_init_state and step.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/renderer.h"
#include "tasks/task.h"

namespace vega {

struct EnvironmentOptions {
  bool exact = false;                // see SceneOptions
  std::vector<std::string> cameras;  // drawn when a step asks for frames
  int image_size = 0;                // pixels, square
};

class Environment {
 public:
  // `renderer` may be null when no camera is named; it must outlive the environment.
  Environment(std::shared_ptr<const Task> task, EnvironmentOptions options, Renderer* renderer);

  // A full reset to `placement`, then, if `init` is not empty, LIBERO's set_init_state with that row.
  void Reset(const ResetPlacement& placement, std::span<const double> init);
  // One control step; frames are drawn at the observed sub-step when `draw`.
  StepStatus Step(const Action& action, bool draw);

  bool success() const { return success_; }              // after the last step or reset
  const std::vector<Image>& frames() const { return frames_; }  // of the last drawn observation, one per camera
  Scene& scene() { return scene_; }
  const Scene& scene() const { return scene_; }
  const Task& task() const { return *task_; }
  // Draws all cameras now, from the data as it is.
  void Draw();

 private:
  std::shared_ptr<const Task> task_;
  EnvironmentOptions options_;
  Renderer* renderer_;
  Scene scene_;
  std::vector<Image> frames_;
  bool success_ = false;
};

}  // namespace vega
