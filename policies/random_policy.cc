// Random actions, keyed by episode and step.

#include "policies/random_policy.h"

#include "sim/base/random.h"

namespace vega {
namespace {

constexpr int kHoldSteps = 5;   // control steps one arm action is held
constexpr int kFlipSteps = 20;  // control steps between gripper flips

}  // namespace

RandomPolicy::RandomPolicy() { contract_.chunk_length = kHoldSteps; }

void RandomPolicy::Reset(const EpisodeKey& episode) { episode_ = episode; }

std::vector<Action> RandomPolicy::Act(const PolicyInput& input) {
  // one stream an action, indexed by episode and call, so an action never depends on the ones
  // before it
  const uint64_t call = input.step / kHoldSteps;
  RandomStream stream(episode_.seed, "policy/random/" + episode_.suite + "/" + episode_.task_name,
                      (static_cast<uint64_t>(episode_.init) << 32) | call);
  Action action;
  for (int i = 0; i < 6; ++i) action[i] = stream.Uniform(-1, 1);
  action[6] = (input.step / kFlipSteps) % 2 == 0 ? -1 : 1;
  return std::vector<Action>(kHoldSteps, action);
}

}  // namespace vega
