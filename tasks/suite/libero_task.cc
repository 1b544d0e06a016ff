// Loading a task, applying a placement, judging a scene.

#include "tasks/suite/libero_task.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/paths.h"
#include "sim/scene.h"
#include "tasks/bddl/bddl.h"
#include "tasks/reset/reset_sampler.h"
#include "tasks/scene/scene_composer.h"
#include "tasks/scene/scene_lookup.h"
#include "tasks/suite/init_states.h"

namespace vega {

LiberoTask::LiberoTask(const Suite& suite, int index) {
  const TaskEntry& entry = suite.tasks.at(index);
  info_ = {.suite = suite.name,
           .index = index,
           .name = entry.name,
           .instruction = entry.instruction,
           .horizon = suite.horizon};

  problem_.bddl = LoadBddl(entry.bddl);
  problem_.scene = ComposeScene(problem_.bddl, Data());
  const BddlProblem& problem = problem_.bddl;
  ComposedScene& scene = problem_.scene;
  model_ = CompileMjcfOnce(scene.mjcf, problem.source);
  scene.mjcf = {};
  reset_plan_ = std::make_shared<const ResetPlan>(MakeResetPlan(problem, scene, *model_));
  for (const BddlPredicate& term : problem.goal) {
    goal_.push_back(MakePredicate(term, problem.source, scene, *model_));
  }
  for (const SceneObject& object : scene.objects) {
    if (!object.category->tracks_visual_state) continue;
    Burner burner{.site = SiteId(*model_, object.name + "_burner"),
                  .on = {.kind = JointState::kTurnOn,
                         .threshold = *object.category->articulation->turn_on_from,
                         .above = true}};
    for (const std::string& joint : object.joints) {
      burner.on.qposadr.push_back(QposAddress(*model_, joint));
    }
    burners_.push_back(std::move(burner));
  }
  if (!entry.variation.empty()) variation_ = LoadVariation(entry.variation);
  if (!entry.init_states.empty()) {
    init_states_ = LoadInitStates(entry.init_states, 1 + model_->nq + model_->nv);
  }
}

std::unique_ptr<ResetSampler> LiberoTask::NewResetSampler(const StartVariation& variation) const {
  return MakeResetSampler(reset_plan_, model_, variation);
}

void LiberoTask::Place(Scene& scene, const ResetPlacement& placement) const {
  mjModel& model = scene.mutable_model();
  mjData& data = scene.mutable_data();
  for (const auto& [address, value] : placement.joints) data.qpos[address] = value;
  for (const ResetPlacement::Pose& pose : placement.poses) {
    const bool fixture = pose.body >= 0;
    std::copy_n(pose.pos, 3, fixture ? model.body_pos + 3 * pose.body : data.qpos + pose.qposadr);
    std::copy_n(pose.quat, 4,
                fixture ? model.body_quat + 4 * pose.body : data.qpos + pose.qposadr + 3);
  }
  if (variation_) Apply(*variation_, scene);
}

bool LiberoTask::Success(const Scene& scene) const {
  return std::all_of(goal_.begin(), goal_.end(),
                     [&](const Predicate& term) { return term.Holds(scene.data()); });
}

std::vector<GoalTerm> LiberoTask::Goal(const Scene& scene) const {
  std::vector<GoalTerm> terms;
  for (const Predicate& term : goal_) {
    terms.push_back({fmt::format("{}: {}", term.text, term.Measure(scene.data())),
                     term.Holds(scene.data()), term.Region()});
  }
  return terms;
}

// The alpha is turned over, not set: a hidden site's -1 becomes 2 and again -1 (set_visualization
// of libero/envs/problems/).
void LiberoTask::PostProcess(Scene& scene) const {
  for (const Burner& burner : burners_) {
    float& alpha = scene.mutable_model().site_rgba[4 * burner.site + 3];
    const bool on = burner.on.Holds(scene.data());
    if ((alpha <= 0) == on) alpha = 1 - alpha;
  }
}

std::shared_ptr<const Task> LoadTask(const Suite& suite, int index) {
  return std::make_shared<LiberoTask>(suite, index);
}

}  // namespace vega
