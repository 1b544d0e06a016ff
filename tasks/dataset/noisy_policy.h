// A policy whose every action is disturbed before it is played, so that demonstrations visit states
// a learner will drift into, and keep what the policy meant to do there (DART: Laskey et al. 2017,
// "Noise injection for robust imitation learning").

#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "policies/policy.h"
#include "sim/base/random.h"

namespace vega {

// A disturbance of the arm's commands, zero on average and smooth in time, in action units; the
// gripper's command is left alone. Now and then a short push comes on top.
class ActionNoise {
 public:
  // `sigma`: standard deviation of each translation; rotations have a fifth of it.
  explicit ActionNoise(double sigma) : sigma_(sigma) {}
  void Reset(const RandomStream& random);
  // Of the next control step; within [-1,1] once added.
  Action Disturb(const Action& action);

 private:
  double sigma_;
  RandomStream random_{0, ""};
  std::array<double, 6> drift_{};  // of variance 1
  std::array<double, 3> push_{};   // in units of sigma
  int push_steps_ = 0;             // left
};

class NoisyPolicy : public Policy {
 public:
  NoisyPolicy(std::unique_ptr<Policy> policy, double sigma)
      : policy_(std::move(policy)), noise_(sigma) {}

  const PolicyContract& contract() const override { return policy_->contract(); }
  void Reset(const EpisodeKey& episode) override;
  std::vector<Action> Act(const PolicyInput& input) override;

  // What was meant by the next action that is played; to be asked once for each, in order.
  Action Meant();

 private:
  std::unique_ptr<Policy> policy_;
  ActionNoise noise_;
  std::deque<Action> meant_;  // of actions answered and not yet played
};

}  // namespace vega
