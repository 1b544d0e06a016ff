// A LIBERO task: parsed, composed, compiled, and everything it needs by name turned into ids.
// Immutable, so any number of workers may share it.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tasks/generate/variation.h"
#include "tasks/goal/predicates.h"
#include "tasks/reset/reset_plan.h"
#include "tasks/suite/libero_suites.h"
#include "tasks/task.h"

namespace vega {

class LiberoTask : public Task {
 public:
  // Throws Error for a BDDL, asset or init file that is missing or unsound.
  LiberoTask(const Suite& suite, int index);

  const TaskInfo& info() const override { return info_; }
  const ModelPtr& model() const override { return model_; }
  const std::vector<std::vector<double>>& init_states() const override { return init_states_; }
  using Task::NewResetSampler;
  std::unique_ptr<ResetSampler> NewResetSampler(const StartVariation& variation) const override;
  void Place(Scene& scene, const ResetPlacement& placement) const override;
  bool Success(const Scene& scene) const override;
  std::vector<GoalTerm> Goal(const Scene& scene) const override;
  const TaskProblem* problem() const override { return &problem_; }
  void PostProcess(Scene& scene) const override;

 private:
  // A stove's burner disc, shown while its knob is on.
  struct Burner {
    int site = -1;
    JointState on;
  };

  TaskInfo info_;
  TaskProblem problem_;
  ModelPtr model_;
  std::vector<std::vector<double>> init_states_;
  std::shared_ptr<const ResetPlan> reset_plan_;
  std::vector<Predicate> goal_;  // conjunction
  std::vector<Burner> burners_;
  std::optional<Variation> variation_;
};

}  // namespace vega
