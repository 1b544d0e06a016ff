// A policy that plays recorded actions back.

#pragma once

#include <filesystem>
#include <memory>

#include "policies/policy.h"

namespace vega {

// Reads the tensor "actions" [T,7] (F64 or F32). Throws Error when it is missing, has another shape
// or dtype, is empty, or holds a number that is not finite.
std::vector<Action> LoadActions(const std::filesystem::path& file);

// Plays a sequence from the start of each episode; afterwards holds still with the last gripper
// command.
class ReplayPolicy : public Policy {
 public:
  // `actions` is shared by instances and not empty.
  explicit ReplayPolicy(std::shared_ptr<const std::vector<Action>> actions);
  const PolicyContract& contract() const override { return contract_; }
  void Reset(const EpisodeKey&) override {}
  std::vector<Action> Act(const PolicyInput& input) override;
  bool remembers() const override { return false; }

 private:
  PolicyContract contract_;
  std::shared_ptr<const std::vector<Action>> actions_;  // (T)
};

}  // namespace vega
