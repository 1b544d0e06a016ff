// Turns a running episode into a Demonstration. A rollout calls it twice a step:
//
//   observation t  ->  Observe(environment)   what the policy is about to see, and the state
//   action t       ->  Act(action, meant)     what it then did; makes row t of the two
//
// The observation after the last action is dropped, so every row is (seen, done).

#pragma once

#include <optional>
#include <vector>

#include "tasks/dataset/contract.h"
#include "tasks/dataset/demonstration.h"
#include "tasks/environment.h"

namespace vega {

class EpisodeRecorder {
 public:
  // The environment observed draws the contract's cameras first, in its order.
  EpisodeRecorder(const DatasetContract& contract, int compression)
      : contract_(contract), compression_(compression) {}

  void Observe(const Environment& environment);
  // `meant`: what the policy answered, where something else was played. `expert_acts`: of an
  // episode with a takeover, whether the demonstrator chose the action.
  void Act(const Action& action, const std::optional<Action>& meant = {},
           std::optional<bool> expert_acts = {});
  // What was recorded so far; the recorder is empty afterwards.
  Demonstration Take();

 private:
  struct Seen {
    std::vector<double> state;
    Proprio proprio;
    std::vector<DeflatedImage> images;  // (cameras)
  };
  bool IsNoOp(const Action& action) const;

  const DatasetContract& contract_;
  int compression_;
  std::optional<Seen> seen_;
  std::optional<double> last_gripper_;  // command of the last kept row
  Demonstration demo_;
};

}  // namespace vega
