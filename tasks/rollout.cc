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
  StageTimer(double& stage, EpisodeTimes& times, const Environment& environment)
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
  EpisodeTimes& times_;
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
      state_{.clips = ClipRecorder(policy.contract())} {}

void Rollout::Start(const EpisodeKey& key, const ResetPlacement& placement,
                    std::span<const double> init) {
  state_.result = {};
  state_.clips.Reset();
  state_.chunk.clear();
  state_.played = 0;
  state_.next_call = 0;
  state_.holding = 0;
  input_ = TrueInput();
  state_.instruction = key.instruction;
  policy_.Reset(key);

  StageTimer timer(state_.result.ms.reset, state_.result.ms, environment_);
  environment_.Reset(placement, init);
  if (options_.shift.any()) {
    environment_.Apply(options_.shift,
                       {key.seed, fmt::format("{}/{}/{}", key.suite, key.task_name, key.init)});
  }
  // the last no-op's observation is the policy's first
  for (int i = 1; i < options_.wait_steps; ++i) Advance(kNoOp, -1);
  if (options_.wait_steps > 0) {
    Advance(kNoOp, 0);
  } else {
    if (state_.clips.Needs(0, 0) || options_.on_frames) {
      environment_.Draw();
      state_.clips.Add(0, environment_.frames());
      if (options_.on_frames) options_.on_frames(environment_);
    }
    if (options_.on_observation) options_.on_observation(environment_);
  }
}

// one control step; `observed_step` is the step its observation belongs to, negative while waiting
void Rollout::Advance(const Action& action, int observed_step) {
  state_.action = action;
  const bool keep = observed_step >= 0 && state_.clips.Needs(observed_step, state_.next_call);
  const bool draw = keep || (observed_step >= 0 && options_.on_frames);
  if (options_.on_action) options_.on_action(action);
  if (environment_.Step(action, draw) != StepStatus::kOk) {
    throw Error(fmt::format("the simulation diverged at step {}", observed_step),
                "MuJoCo met a bad or huge number in the state");
  }
  if (keep) state_.clips.Add(observed_step, environment_.frames());
  if (draw && options_.on_frames) options_.on_frames(environment_);
  if (observed_step >= 0 && options_.on_observation) options_.on_observation(environment_);
}

void Rollout::AskPolicy() {
  StageTimer timer(state_.result.ms.policy, state_.result.ms, environment_);
  input_.step = state_.result.played_steps;
  input_.instruction = state_.instruction;
  input_.proprio = environment_.scene().proprio();
  input_.clips = state_.clips.ClipsAt(state_.result.played_steps);
  state_.chunk = policy_.Act(input_);
  CheckChunk(state_.chunk, state_.result.played_steps, policy_.contract().chunk_length);
  state_.played = 0;
  state_.next_call = state_.result.played_steps + static_cast<int>(state_.chunk.size());
}

void Rollout::Load(const RolloutState& state) {
  state_ = state;
  input_ = TrueInput();
}

void Rollout::TakeOver(const EpisodeKey& key, const RolloutState& state) {
  RolloutState mine = state;
  mine.clips = ClipRecorder(policy_.contract());
  mine.clips.StartAt(state.result.played_steps);
  mine.instruction = key.instruction;
  mine.chunk.clear();
  mine.played = 0;
  mine.next_call = state.result.played_steps;
  Load(mine);
  policy_.Reset(key);
  if (!policy_.contract().cameras.empty()) {
    environment_.Draw();
    state_.clips.Add(state.result.played_steps, environment_.frames());
  }
}

// what a privileged policy is shown of the truth
PolicyInput Rollout::TrueInput() const {
  if (!policy_.contract().privileged) return {};
  return {.scene = &environment_.scene(), .task = &environment_.task()};
}

bool Rollout::over() const {
  const RolloutResult& result = state_.result;
  if (result.outcome != Outcome::kSuccess) return result.steps >= horizon_;
  return options_.hold_steps <= 0 || result.held ||
         result.played_steps >= result.steps + kReleaseSteps;
}

bool Rollout::Step() {
  if (over()) return false;
  if (state_.played == state_.chunk.size()) AskPolicy();
  {
    StageTimer timer(state_.result.ms.sim, state_.result.ms, environment_);
    Advance(state_.chunk[state_.played++], state_.result.played_steps + 1);
  }
  ++state_.result.played_steps;
  Judge();
  if (!over()) return true;
  state_.result.state_hash = environment_.scene().StateHash();
  return false;
}

// what the step just played means for the episode
void Rollout::Judge() {
  RolloutResult& result = state_.result;
  if (result.outcome != Outcome::kSuccess) {
    result.steps = result.played_steps;
    if (environment_.success()) result.outcome = Outcome::kSuccess;
    return;
  }
  const Scene& scene = environment_.scene();
  const bool free = !RobotTouches(scene.model(), scene.robot(), scene.data());
  state_.holding = environment_.success() && free ? state_.holding + 1 : 0;
  result.held = state_.holding >= options_.hold_steps;
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
