#include "tasks/evaluation/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tasks/environment.h"
#include "tasks/expert/world.h"
#include "tasks/rollout.h"

namespace vega {
namespace {

constexpr double kDeep = 0.004;   // m, overlap at the start that is told
constexpr double kMargin = 0.02;  // m, beyond a workspace region that settling may carry an object
constexpr int kNoOps = 10;

std::string OwnerName(const World& world, int geom) {
  if (const Item* item = world.OwnerOf(geom)) return item->name;
  return world.IsRobot(geom) ? "the robot" : "the table";
}

std::vector<std::string> Overlaps(const World& world) {
  std::map<std::string, double> deepest;  // by text, mm
  for (int i = 0; i < world.data().ncon; ++i) {
    const mjContact& contact = world.data().contact[i];
    if (contact.dist > -kDeep) continue;
    std::string first = OwnerName(world, contact.geom[0]);
    std::string second = OwnerName(world, contact.geom[1]);
    if (first == second) continue;
    if (!world.OwnerOf(contact.geom[0])) std::swap(first, second);
    double& depth = deepest[first + " starts {} mm inside " + second];
    depth = std::max(depth, -1000 * contact.dist);
  }
  std::vector<std::string> texts;
  for (const auto& [text, depth] : deepest) {
    texts.push_back(fmt::format(fmt::runtime(text), std::lround(depth)));
  }
  return texts;
}

// what :init says of objects, judged on the settled scene
std::vector<std::string> BrokenPremises(const World& world, const TaskProblem& problem) {
  std::vector<std::string> broken;
  for (const BddlPredicate& premise : problem.bddl.init) {
    const Item* item = world.FindItem(premise.args[0]);
    if (premise.name == "on" && item && item->fixture) continue;  // placed, not judged
    const Predicate test =
        MakePredicate(premise, problem.bddl.source, problem.scene, world.model());
    const Region* region = premise.args.size() > 1 ? world.FindRegion(premise.args[1]) : nullptr;
    if (premise.name == "on" && region && region->item == nullptr) {
      const Vector3d off = (world.PoseOf(*item).p - world.PoseOf(*region).p).cwiseAbs();
      const Vector3d half = (world.PoseOf(*region).R.cwiseAbs() * region->half);
      if (off.x() < half.x() + kMargin && off.y() < half.y() + kMargin) continue;
    } else if (test.Holds(world.data())) {
      continue;
    }
    broken.push_back(fmt::format("{}: {}", test.text, test.Measure(world.data())));
  }
  return broken;
}

class Verification {
 public:
  Verification(const std::shared_ptr<const Task>& task, const VerifyOptions& options,
               const std::atomic<bool>& stop)
      : task_(*task), options_(options), stop_(stop), environment_(task, {}, nullptr) {
    const auto sampler = task->NewResetSampler();
    sampler->Seed(static_cast<uint32_t>(options.seed));
    for (int i = 0; i <= options.init; ++i) placement_ = sampler->Sample();
    if (!task_.init_states().empty()) {
      row_ = task_.init_states()[options.init % task_.init_states().size()];
    }
  }

  void LookAtStart(TaskFindings& findings) {
    environment_.Reset(placement_, row_);
    if (task_.problem()) {
      findings.overlaps = Overlaps(World(task_, environment_.scene()));
    }
    for (int i = 0; i < kNoOps; ++i) environment_.Step(kNoOp, false);
    findings.goal_at_start = environment_.success();
    if (task_.problem()) {
      findings.broken_premises =
          BrokenPremises(World(task_, environment_.scene()), *task_.problem());
    }
  }

  RolloutResult Play(const MakePolicy& make, int hold_steps) {
    const std::unique_ptr<Policy> policy = make();
    const TaskInfo& info = task_.info();
    const EpisodeKey key{info.suite, info.name, info.instruction, options_.init, options_.seed};
    return RunEpisode(environment_, *policy, {.hold_steps = hold_steps}, key, placement_, row_,
                      &stop_);
  }

 private:
  const Task& task_;
  const VerifyOptions& options_;
  const std::atomic<bool>& stop_;
  Environment environment_;
  ResetPlacement placement_;
  std::span<const double> row_;
};

}  // namespace

bool TaskFindings::sound() const {
  return error.empty() && broken_premises.empty() && !goal_at_start && expert_solves && holds &&
         !idle_solves && !random_solves;
}

TaskFindings VerifyTask(const std::shared_ptr<const Task>& task, const VerifyOptions& options,
                        const std::atomic<bool>& stop) {
  TaskFindings findings{.task = task->info().index, .name = task->info().name};
  try {
    Verification verification(task, options, stop);
    verification.LookAtStart(findings);
    const RolloutResult expert = verification.Play(options.expert, options.hold_steps);
    findings.expert_solves = expert.outcome == Outcome::kSuccess;
    findings.expert_steps = expert.steps;
    findings.holds = expert.held;
    findings.error = expert.error;
    findings.idle_solves = verification.Play(options.idle, 0).outcome == Outcome::kSuccess;
    findings.random_solves = verification.Play(options.random, 0).outcome == Outcome::kSuccess;
  } catch (const std::exception& error) {
    findings.error = error.what();
  }
  return findings;
}

nlohmann::ordered_json ToJson(const TaskFindings& f) {
  return {{"task", f.task},
          {"task_name", f.name},
          {"sound", f.sound()},
          {"premise_holds", f.broken_premises.empty()},
          {"broken_premises", f.broken_premises},
          {"goal_false_at_start", !f.goal_at_start},
          {"expert_solves", f.expert_solves},
          {"expert_steps", f.expert_steps},
          {"success_holds", f.holds},
          {"no_op_solves", f.idle_solves},
          {"random_solves", f.random_solves},
          {"overlaps", f.overlaps},
          {"error", f.error.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(f.error)}};
}

std::string FindingsTable(const std::vector<TaskFindings>& findings) {
  std::string table =
      fmt::format("{:>4}  {:>7}  {:>10}  {:>6}  {:>5}  {:>5}  {:>5}  {:>6}  {}\n", "task",
                  "premise", "goal false", "expert", "steps", "holds", "no-op", "random", "name");
  const auto mark = [](bool good) { return good ? "ok" : "FAIL"; };
  int sound = 0;
  for (const TaskFindings& f : findings) {
    sound += f.sound();
    table += fmt::format("{:>4}  {:>7}  {:>10}  {:>6}  {:>5}  {:>5}  {:>5}  {:>6}  {}\n", f.task,
                         mark(f.broken_premises.empty()), mark(!f.goal_at_start),
                         mark(f.expert_solves), f.expert_steps, mark(f.holds), mark(!f.idle_solves),
                         mark(!f.random_solves), f.name);
  }
  for (const TaskFindings& f : findings) {
    for (const std::string& text : f.broken_premises) {
      table += fmt::format("task {}: the start breaks {}\n", f.task, text);
    }
    for (const std::string& text : f.overlaps) table += fmt::format("task {}: {}\n", f.task, text);
    if (!f.error.empty()) table += fmt::format("task {}: {}\n", f.task, f.error);
  }
  return table + fmt::format("{} of {} tasks are sound\n", sound, findings.size());
}

}  // namespace vega
