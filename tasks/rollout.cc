// The loop of an episode.

#include "tasks/rollout.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <exception>
#include <optional>
#include <utility>

#include "sim/base/error.h"

namespace vega {
namespace {

// adds the milliseconds of its lifetime to a stage, less what was spent drawing
class StageTimer {
 public:
  StageTimer(double& stage, StageTimes& times, const Environment& environment)
      : stage_(stage), times_(times), environment_(environment), drawn_(environment.render_ms()) {}
  ~StageTimer() {
    const std::chrono::duration<double, std::milli> spent =
        std::chrono::steady_clock::now() - start_;
    const double drawing = environment_.render_ms() - drawn_;
    times_.render += drawing;
    stage_ += spent.count() - drawing;
  }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  double& stage_;
  StageTimes& times_;
  const Environment& environment_;
  double drawn_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void CheckChunk(const std::vector<Action>& chunk, int step, int chunk_length) {
  if (chunk.empty() || chunk.size() > static_cast<size_t>(chunk_length)) {
    throw Error(fmt::format("the policy answered {} actions at step {}", chunk.size(), step),
                fmt::format("its contract says 1 to {}", chunk_length));
  }
  for (size_t k = 0; k < chunk.size(); ++k) {
    for (size_t i = 0; i < chunk[k].size(); ++i) {
      if (std::isfinite(chunk[k][i])) continue;
      throw Error(fmt::format("the policy answered {} in entry {} of action {} at step {}",
                              chunk[k][i], i, k, step),
                  "actions must be finite numbers in [-1, 1]");
    }
  }
}

}  // namespace

Rollout::Rollout(Environment& environment, Policy& policy, RolloutOptions options)
    : environment_(environment),
      policy_(policy),
      options_(std::move(options)),
      horizon_(options_.max_steps > 0 ? options_.max_steps : environment.task().info().horizon),
      clips_(policy.contract()) {}

void Rollout::Start(const EpisodeKey& key, const ResetPlacement& placement,
                    std::span<const double> init) {
  result_ = {};
  clips_.Reset();
  chunk_.clear();
  played_ = 0;
  next_call_ = 0;
  input_ = {};
  input_.instruction = key.instruction;
  if (policy_.contract().privileged) input_.scene = &environment_.scene();
  policy_.Reset(key);

  StageTimer timer(result_.ms.reset, result_.ms, environment_);
  environment_.Reset(placement, init);
  // the last no-op's observation is the policy's first
  for (int i = 1; i < options_.wait_steps; ++i) Advance(kNoOp, -1);
  if (options_.wait_steps > 0) {
    Advance(kNoOp, 0);
  } else if (clips_.Needs(0, 0) || options_.on_frames) {
    environment_.Draw();
    clips_.Add(0, environment_.frames());
    if (options_.on_frames) options_.on_frames(environment_);
  }
}

// one control step; `observed_step` is the step its observation belongs to, negative while waiting
void Rollout::Advance(const Action& action, int observed_step) {
  action_ = action;
  const bool keep = observed_step >= 0 && clips_.Needs(observed_step, next_call_);
  const bool draw = keep || (observed_step >= 0 && options_.on_frames);
  if (environment_.Step(action, draw) != StepStatus::kOk) {
    throw Error(fmt::format("the simulation diverged at step {}", observed_step),
                "MuJoCo met a bad or huge number in the state");
  }
  if (keep) clips_.Add(observed_step, environment_.frames());
  if (draw && options_.on_frames) options_.on_frames(environment_);
}

void Rollout::AskPolicy() {
  StageTimer timer(result_.ms.policy, result_.ms, environment_);
  input_.step = result_.steps;
  input_.proprio = environment_.scene().proprio();
  input_.clips = clips_.ClipsAt(result_.steps);
  chunk_ = policy_.Act(input_);
  CheckChunk(chunk_, result_.steps, policy_.contract().chunk_length);
  played_ = 0;
  next_call_ = result_.steps + static_cast<int>(chunk_.size());
}

bool Rollout::Step() {
  if (result_.outcome == Outcome::kSuccess || result_.steps >= horizon_) return false;
  if (played_ == chunk_.size()) AskPolicy();
  {
    StageTimer timer(result_.ms.sim, result_.ms, environment_);
    Advance(chunk_[played_++], result_.steps + 1);
  }
  ++result_.steps;
  if (environment_.success()) result_.outcome = Outcome::kSuccess;
  const bool over = environment_.success() || result_.steps >= horizon_;
  if (over) result_.state_hash = environment_.scene().StateHash();
  return !over;
}

RolloutResult RunEpisode(Environment& environment, Policy& policy, const RolloutOptions& options,
                         const EpisodeKey& key, const ResetPlacement& placement,
                         std::span<const double> init, const std::atomic<bool>* stop) {
  Rollout rollout(environment, policy, options);
  bool interrupted = false;
  std::optional<std::string> error;
  try {
    rollout.Start(key, placement, init);
    while (!(interrupted = stop != nullptr && stop->load()) && rollout.Step()) {
    }
  } catch (const std::exception& thrown) {
    error = thrown.what();
  }
  RolloutResult result = rollout.result();
  result.interrupted = interrupted;
  if (error) {
    result.outcome = Outcome::kError;
    result.error = *error;
    result.state_hash = 0;
  }
  return result;
}

}  // namespace vega
