// What the simulation thread publishes and everyone else reads: immutable once published.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policies/policy.h"
#include "tasks/rollout.h"
#include "tasks/task.h"

namespace vega {

// One question to the policy and its answer.
struct PolicyCall {
  std::string policy;         // its name
  PolicyInput input;          // what it was shown; `scene` is null
  std::vector<Action> chunk;  // (<= K) what it answered
  double ms = 0;              // the call took
  std::optional<PolicyInsight> insight;
};

// The episode after one control step. Holds all it needs to go on from here.
struct Snapshot {
  int step = 0;               // control steps of the policy
  std::vector<double> state;  // (1+nq+nv) time, qpos, qvel
  uint64_t hash = 0;          // Scene::StateHash
  SceneState scene;
  RolloutState rollout;
  Action action{};  // that led here
  std::vector<GoalTerm> goal;
  bool success = false;
  bool over = false;  // solved, or at the horizon
  // Where the physics was before each of the 25 sub-steps that led here; empty unless asked for.
  std::vector<std::vector<double>> substeps;
  std::shared_ptr<const PolicyCall> call;  // the last one up to here; null before the first

  const Proprio& proprio() const { return scene.proprio; }
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace vega
