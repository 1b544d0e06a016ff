// Another task's words and goal on a scene: whether a policy does what it is told, or what the
// scene suggests.

#pragma once

#include <string>
#include <vector>

#include "tasks/bddl/bddl.h"
#include "tasks/goal/predicates.h"
#include "tasks/suite/libero_suites.h"

namespace vega {

// The task a policy is told to do, wherever it is placed.
struct ToldTask {
  std::string name;         // file name without .bddl
  std::string instruction;  // language given to the policy
  BddlProblem problem;
};

// Throws Error when the file cannot be read.
ToldTask LoadToldTask(const TaskEntry& entry);

// The told task's goal, judged on another task's scene.
class ToldGoal {
 public:
  // Throws Error naming both tasks when the goal speaks of things the scene lacks.
  ToldGoal(const ToldTask& told, const Task& task);

  // Whether every predicate holds on the scene's data as the last step left it.
  bool Holds(const Scene& scene) const;

 private:
  std::vector<Predicate> predicates_;
};

}  // namespace vega
