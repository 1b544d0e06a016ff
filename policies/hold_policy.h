// The policy that does nothing: the no-op action at every step.

#pragma once

#include "policies/policy.h"

namespace vega {

class HoldPolicy : public Policy {
 public:
  const PolicyContract& contract() const override { return contract_; }
  void Reset(const EpisodeKey&) override {}
  std::vector<Action> Act(const PolicyInput&) override { return {kNoOp}; }
  bool remembers() const override { return false; }

 private:
  PolicyContract contract_;
};

}  // namespace vega
