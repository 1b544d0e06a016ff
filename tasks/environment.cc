// Reset, step and draw, in LIBERO's order.

#include "tasks/environment.h"

#include <cassert>
#include <chrono>
#include <utility>

namespace vega {

Environment::Environment(std::shared_ptr<const Task> task, EnvironmentOptions options,
                         Renderer* renderer)
    : task_(std::move(task)),
      options_(std::move(options)),
      renderer_(renderer),
      scene_(task_->model(), {.exact = options_.exact}),
      frames_(options_.cameras.size()) {
  assert(options_.cameras.empty() || renderer_ != nullptr);
}

void Environment::Reset(const ResetPlacement& placement, std::span<const double> init) {
  scene_.BeginReset();
  task_->Place(scene_, placement);
  scene_.EndReset();
  if (!init.empty()) {
    scene_.SetState(init);
    task_->PostProcess(scene_);
  }
  shift_ = {};
  success_ = task_->Success(scene_);
}

void Environment::Apply(const Shift& shift, const ShiftKey& key) {
  ApplyShift(shift, key, scene_);
  shift_ = shift;
  shift_key_ = key;
  success_ = task_->Success(scene_);
}

StepStatus Environment::Step(const Action& action, bool draw) {
  const StepStatus status = draw ? scene_.Step(action, [this] { Draw(); }) : scene_.Step(action);
  if (status != StepStatus::kOk) return status;
  success_ = task_->Success(scene_);
  task_->PostProcess(scene_);
  return status;
}

void Environment::Draw() {
  if (options_.cameras.empty()) return;
  const auto start = std::chrono::steady_clock::now();
  const int size = options_.image_size;
  frames_ = renderer_->RenderAll(scene_, options_.cameras, size, size);
  for (size_t i = 0; i < frames_.size(); ++i) {
    AddNoise(shift_, shift_key_, options_.cameras[i], scene_.data().time, frames_[i]);
  }
  render_ms_ +=
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace vega
