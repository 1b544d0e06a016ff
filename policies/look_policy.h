// A policy for measuring: it looks at both cameras as a learnt one would, and costs nothing itself.

#pragma once

#include "policies/policy.h"

namespace vega {

// Looks at agentview and robot0_eye_in_hand, 256 px, once per chunk of 8 actions. Action i of step
// t is 0.3 sin(0.1 t + i) for the arm; the gripper closes and opens every 40 steps.
// bench/look_loop.py plays the same in Python LIBERO.
class LookPolicy : public Policy {
 public:
  LookPolicy();
  const PolicyContract& contract() const override { return contract_; }
  void Reset(const EpisodeKey&) override {}
  std::vector<Action> Act(const PolicyInput& input) override;

 private:
  PolicyContract contract_;
};

// The same motions without looking.
class BlindLookPolicy : public LookPolicy {
 public:
  BlindLookPolicy();
  const PolicyContract& contract() const override { return blind_; }

 private:
  PolicyContract blind_;
};

}  // namespace vega
