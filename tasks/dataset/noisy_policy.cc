#include "tasks/dataset/noisy_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace vega {
namespace {

constexpr double kMemory = 0.8;                    // correlation from one control step to the next
constexpr double kTurnShare = 0.2;                 // of a rotation's noise in a translation's
constexpr double kPushChance = 0.02;               // that a push begins, a control step
constexpr int kPushSteps = 4, kMorePushSteps = 7;  // 4 to 10 control steps
constexpr double kLightPush = 1.5, kHardPush = 3;  // in units of sigma

}  // namespace

void ActionNoise::Reset(const RandomStream& random) {
  random_ = random;
  for (double& value : drift_) value = random_.Normal();
  push_steps_ = 0;
}

Action ActionNoise::Disturb(const Action& action) {
  for (double& value : drift_) {
    value = kMemory * value + std::sqrt(1 - kMemory * kMemory) * random_.Normal();
  }
  if (push_steps_ > 0) {
    --push_steps_;
  } else if (random_.Uniform() < kPushChance) {
    push_steps_ = kPushSteps + static_cast<int>(random_.Below(kMorePushSteps));
    double norm = 0;
    for (double& value : push_) {
      value = random_.Normal();
      norm += value * value;
    }
    const double size = random_.Uniform(kLightPush, kHardPush) / std::sqrt(norm);
    for (double& value : push_) value *= size;
  }
  Action played = action;
  for (int i = 0; i < 6; ++i) {
    double noise = i < 3 ? drift_[i] : kTurnShare * drift_[i];
    if (i < 3 && push_steps_ > 0) noise += push_[i];
    played[i] = std::clamp(action[i] + sigma_ * noise, -1.0, 1.0);
  }
  return played;
}

void NoisyPolicy::Reset(const EpisodeKey& episode) {
  policy_->Reset(episode);
  const std::string name = fmt::format("collect/noise/{}/{}", episode.suite, episode.task_name);
  noise_.Reset(RandomStream(episode.seed, name, static_cast<uint64_t>(episode.init)));
  meant_.clear();
}

std::vector<Action> NoisyPolicy::Act(const PolicyInput& input) {
  std::vector<Action> actions = policy_->Act(input);
  for (Action& action : actions) {
    meant_.push_back(action);
    action = noise_.Disturb(action);
  }
  return actions;
}

Action NoisyPolicy::Meant() {
  assert(!meant_.empty());
  const Action meant = meant_.front();
  meant_.pop_front();
  return meant;
}

}  // namespace vega
