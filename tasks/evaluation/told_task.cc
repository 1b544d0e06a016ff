#include "tasks/evaluation/told_task.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.h"

namespace vega {

ToldTask LoadToldTask(const TaskEntry& entry) {
  return {entry.name, entry.instruction, LoadBddl(entry.bddl)};
}

ToldGoal::ToldGoal(const ToldTask& told, const Task& task) {
  const TaskProblem* problem = task.problem();
  if (problem == nullptr) throw Error(task.info().name + " was made of no BDDL problem");
  try {
    for (const BddlPredicate& term : told.problem.goal) {
      predicates_.push_back(
          MakePredicate(term, told.problem.source, problem->scene, *task.model()));
    }
  } catch (const Error& error) {
    throw Error(
        fmt::format("{} cannot be told to do {}: {}", task.info().name, told.name, error.what()),
        "choose tasks of one scene, such as those of libero_goal");
  }
}

bool ToldGoal::Holds(const Scene& scene) const {
  return std::all_of(predicates_.begin(), predicates_.end(),
                     [&](const Predicate& predicate) { return predicate.Holds(scene.data()); });
}

}  // namespace vega
