// A policy of random arm motions, the same ones for the same episode and seed.

#pragma once

#include "policies/policy.h"

namespace vega {

// Uniform arm actions in [-1, 1]^6, each held for 5 steps; the gripper starts open and flips every
// 20 steps. A pure function of the episode key and the step.
class RandomPolicy : public Policy {
 public:
  RandomPolicy();
  const PolicyContract& contract() const override { return contract_; }
  void Reset(const EpisodeKey& episode) override;
  std::vector<Action> Act(const PolicyInput& input) override;
  bool remembers() const override { return false; }

 private:
  PolicyContract contract_;
  EpisodeKey episode_;
};

}  // namespace vega
