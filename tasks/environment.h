// One worker's environment over a task: LIBERO's reset, set_init_state and step.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/renderer.h"
#include "tasks/shift.h"
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

  // A full reset to `placement`, then, if `init` is not empty, LIBERO's set_init_state with that
  // row, which also shows what is switched on; a bare reset does not (envs/env_wrapper.py).
  void Reset(const ResetPlacement& placement, std::span<const double> init);
  // After a reset: the episode plays under a shift, which the next reset ends.
  void Apply(const Shift& shift, const ShiftKey& key);
  // One control step; frames are drawn at the observed sub-step when `draw`.
  StepStatus Step(const Action& action, bool draw);
  // Draws all cameras now, from the data as it is.
  void Draw();

  bool success() const { return success_; }  // after the last step or reset
  // Of the last drawn observation, one per camera.
  const std::vector<Image>& frames() const { return frames_; }
  double render_ms() const { return render_ms_; }  // spent drawing since construction
  // Of the frames.
  RenderQuality render_quality() const {
    return renderer_ ? renderer_->quality() : RenderQuality::kExact;
  }
  const EnvironmentOptions& options() const { return options_; }
  Scene& scene() { return scene_; }
  const Scene& scene() const { return scene_; }
  const Task& task() const { return *task_; }

 private:
  std::shared_ptr<const Task> task_;
  EnvironmentOptions options_;
  Renderer* renderer_;
  Scene scene_;
  std::vector<Image> frames_;
  Shift shift_;  // of this episode
  ShiftKey shift_key_;
  double render_ms_ = 0;
  bool success_ = false;
};

}  // namespace vega
