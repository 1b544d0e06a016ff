// Is a task sound? Its start fits its instruction, its goal is false there, the expert reaches it and
// it lasts, and neither doing nothing nor random motions reach it.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "policies/policy.h"
#include "tasks/task.h"

namespace vega {

using MakePolicy = std::function<std::unique_ptr<Policy>()>;

struct VerifyOptions {
  MakePolicy expert, idle, random;
  int init = 0;         // initial state, or reset where a task has none
  uint64_t seed = 0;    // of resets and policies
  int hold_steps = 10;  // see RolloutOptions
};

struct TaskFindings {
  int task = 0;
  std::string name;
  std::vector<std::string> broken_premises;  // of :init, after the no-ops, with what was measured
  std::vector<std::string> overlaps;  // at the start, e.g. "ketchup_1 is 29 mm inside the table"
  bool goal_at_start = false;
  bool expert_solves = false, holds = false;
  int expert_steps = 0;
  bool idle_solves = false, random_solves = false;
  std::string error;  // what kept the task from being judged

  // Overlaps are told, but do not make a task unsound.
  bool sound() const;
};

// Runs the checks on one task. What is thrown becomes `error`. `stop` ends it early.
TaskFindings VerifyTask(const std::shared_ptr<const Task>& task, const VerifyOptions& options,
                        const std::atomic<bool>& stop);

nlohmann::ordered_json ToJson(const TaskFindings& findings);
// Lines of plain text, one a task and one for each thing found.
std::string FindingsTable(const std::vector<TaskFindings>& findings);

}  // namespace vega
