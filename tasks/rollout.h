// One episode, by the protocol of LIBERO's published evaluators: reset, set the initial state, 10
// no-ops whose success does not count, then the policy until the first success or the horizon. On
// request it goes on after the success and looks whether the goal still holds once the robot has
// let go.
//
//   Rollout rollout(environment, policy);
//   rollout.Start(key, placement, init_row);
//   while (rollout.Step()) {}            a viewer may draw between two steps
//   rollout.result()
//
// RunEpisode does the same and turns whatever is thrown into an `error` outcome.

#pragma once

#include <atomic>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "policies/policy.h"
#include "tasks/clip_recorder.h"
#include "tasks/environment.h"

namespace vega {

struct RolloutOptions {
  int wait_steps = 10;  // no-ops before the policy is asked, control steps
  int max_steps = 0;    // control steps the policy has; 0: the task's horizon
  // After the first success the policy plays on until the goal has held for this many control steps
  // in a row without the robot touching anything, at most kReleaseSteps more; 0: stop at once.
  int hold_steps = 0;
  Shift shift;  // its chance is keyed by the episode
  // Called with the frames of every observation from step 0 on, all of which are then drawn; for
  // videos.
  std::function<void(const Environment&)> on_frames;
  // Called at every observation from step 0 on, drawn or not.
  std::function<void(const Environment&)> on_observation;
  // Called with every action just before it is played, no-ops included.
  std::function<void(const Action&)> on_action;
};

// control steps a policy has after a success to let go and retreat
inline constexpr int kReleaseSteps = 100;

enum class Outcome { kSuccess, kFailure, kError };

// Milliseconds of one episode, by what they were spent on.
struct EpisodeTimes {
  double reset = 0;   // reset and no-ops
  double sim = 0;     // control steps, without drawing
  double render = 0;  // drawing, in no-ops and control steps
  double policy = 0;  // Policy::Act
};

struct RolloutResult {
  Outcome outcome = Outcome::kFailure;
  int steps = 0;            // control steps of the policy, up to the first success
  int played_steps = 0;     // all of them; more than `steps` only with RolloutOptions::hold_steps
  bool held = false;        // the goal held as RolloutOptions::hold_steps asks
  uint64_t state_hash = 0;  // Scene::StateHash at the end; 0 after an error
  EpisodeTimes ms;
  std::string error;         // one line, when outcome is kError
  bool interrupted = false;  // stopped from outside; the result counts for nothing
};

// Where an episode stands, but for the scene and the policy's own memory.
struct RolloutState {
  ClipRecorder clips;
  std::string instruction;    // as given to the policy
  std::vector<Action> chunk;  // (<= K) the policy's last answer
  size_t played = 0;          // actions of it already played
  Action action = kNoOp;      // the last one played
  int next_call = 0;          // step of the next call
  int holding = 0;            // steps in a row the goal has held untouched, after the success
  RolloutResult result;
};

class Rollout {
 public:
  // Both must outlive the rollout. The environment's first cameras are those of the policy's
  // contract, in its order.
  Rollout(Environment& environment, Policy& policy, RolloutOptions options = {});

  // Resets environment and policy and runs the no-ops. Throws Error.
  void Start(const EpisodeKey& key, const ResetPlacement& placement, std::span<const double> init);
  // One control step. False when the episode is over. Throws Error when the simulation diverges or
  // the policy answers anything but 1 to chunk_length finite actions.
  bool Step();
  const RolloutResult& result() const { return state_.result; }
  // Solved and watched as long as was asked, or at the horizon: there is no next step.
  bool over() const;
  // The last one that was played.
  const Action& action() const { return state_.action; }
  // The policy's last answer and how many of its actions were played.
  const std::vector<Action>& chunk() const { return state_.chunk; }
  size_t played() const { return state_.played; }
  // What the policy was last shown.
  const PolicyInput& input() const { return input_; }

  // What the policy is told from its next call on.
  void SetInstruction(const std::string& instruction) { state_.instruction = instruction; }

  // The episode goes on from a saved state once environment and policy are back in theirs.
  const RolloutState& state() const { return state_; }
  void Load(const RolloutState& state);
  // The episode of another policy goes on with this one, which is asked at the next step and sees
  // no picture older than now. `key` with the instruction of `state`.
  void TakeOver(const EpisodeKey& key, const RolloutState& state);

 private:
  void Advance(const Action& action, int observed_step);
  void AskPolicy();
  PolicyInput TrueInput() const;
  void Judge();

  Environment& environment_;
  Policy& policy_;
  RolloutOptions options_;
  int horizon_;
  PolicyInput input_;
  RolloutState state_;
};

// Runs a whole episode. `stop`, if not null, is looked at before every step.
RolloutResult RunEpisode(Environment& environment, Policy& policy, const RolloutOptions& options,
                         const EpisodeKey& key, const ResetPlacement& placement,
                         std::span<const double> init, const std::atomic<bool>* stop = nullptr);

}  // namespace vega
