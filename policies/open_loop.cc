#include "policies/open_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/base/error.h"

namespace vega {
namespace {

class OpenLoop : public Policy {
 public:
  OpenLoop(std::unique_ptr<Policy> policy, int steps)
      : policy_(std::move(policy)), contract_(policy_->contract()) {
    contract_.chunk_length = steps;
  }

  const PolicyContract& contract() const override { return contract_; }
  void Reset(const EpisodeKey& episode) override { policy_->Reset(episode); }
  std::vector<Action> Act(const PolicyInput& input) override {
    std::vector<Action> actions = policy_->Act(input);
    actions.resize(std::min(actions.size(), static_cast<size_t>(contract_.chunk_length)));
    return actions;
  }
  bool remembers() const override { return policy_->remembers(); }
  std::optional<PolicyInsight> Insight() const override { return policy_->Insight(); }

 private:
  std::unique_ptr<Policy> policy_;
  PolicyContract contract_;
};

}  // namespace

PolicySource WithOpenLoop(PolicySource source, int steps) {
  const int length = source.contract.chunk_length;
  if (steps < 1 || steps > length) {
    throw Error(fmt::format("policy {} answers chunks of {} actions, of which {} cannot be played",
                            source.name, length, steps),
                fmt::format("choose 1 to {}", length));
  }
  source.contract.chunk_length = steps;
  source.make = [make = std::move(source.make), steps] {
    return std::make_unique<OpenLoop>(make(), steps);
  };
  return source;
}

}  // namespace vega
