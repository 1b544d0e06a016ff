#include "tasks/dataset/episode_recorder.h"

#include <cassert>
#include <cmath>
#include <utility>

namespace vega {
namespace {

template <typename Range>
void Append(std::vector<double>& to, const Range& values) {
  to.insert(to.end(), values.begin(), values.end());
}

}  // namespace

void EpisodeRecorder::Observe(const Environment& environment) {
  seen_ = Seen{environment.scene().State(), environment.scene().proprio(), {}};
  for (size_t i = 0; i < contract_.cameras.size(); ++i) {
    seen_->images.push_back(Deflate(environment.frames()[i], compression_));
  }
}

bool EpisodeRecorder::IsNoOp(const Action& action) const {
  double squares = 0;
  for (int i = 0; i < 6; ++i) squares += action[i] * action[i];
  return std::sqrt(squares) < kNoOpNorm && (!last_gripper_ || *last_gripper_ == action[6]);
}

void EpisodeRecorder::Act(const Action& action, const std::optional<Action>& meant,
                          std::optional<bool> expert_acts) {
  assert(seen_);
  if (contract_.filters_noops) {
    const auto step = static_cast<int32_t>(demo_.simulated_actions.size() / action.size());
    Append(demo_.simulated_actions, action);
    if (IsNoOp(action)) return;
    demo_.kept_steps.push_back(step);
  }
  last_gripper_ = action[6];
  Append(demo_.actions, action);
  if (meant) Append(demo_.expert_actions, *meant);
  if (expert_acts) demo_.expert_acts.push_back(*expert_acts);
  Append(demo_.states, seen_->state);
  Append(demo_.ee_pos, seen_->proprio.eef_pos);
  Append(demo_.ee_quat, seen_->proprio.eef_quat);
  Append(demo_.gripper_states, seen_->proprio.gripper_qpos);
  Append(demo_.joint_states, seen_->proprio.joint_pos);
  demo_.images.resize(contract_.cameras.size());
  for (size_t i = 0; i < demo_.images.size(); ++i) {
    demo_.images[i].push_back(std::move(seen_->images[i]));
  }
  seen_.reset();
}

Demonstration EpisodeRecorder::Take() {
  seen_.reset();
  last_gripper_.reset();
  return std::exchange(demo_, {});
}

}  // namespace vega
