// One episode, by the protocol of LIBERO's published evaluators: reset, set the initial state, 10
// no-ops whose success does not count, then the policy until the first success or the horizon.
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
  // Called with the frames of every observation from step 0 on, all of which are then drawn; for
  // videos.
  std::function<void(const Environment&)> on_frames;
};

enum class Outcome { kSuccess, kFailure, kError };

// Milliseconds of one episode, by what they were spent on.
struct StageTimes {
  double reset = 0;   // reset and no-ops
  double sim = 0;     // control steps, without drawing
  double render = 0;  // drawing, in no-ops and control steps
  double policy = 0;  // Policy::Act
};

struct RolloutResult {
  Outcome outcome = Outcome::kFailure;
  int steps = 0;            // control steps of the policy
  uint64_t state_hash = 0;  // Scene::StateHash at the end; 0 after an error
  StageTimes ms;
  std::string error;         // one line, when outcome is kError
  bool interrupted = false;  // stopped from outside; the result counts for nothing
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
  const RolloutResult& result() const { return result_; }
  // The last one that was played.
  const Action& action() const { return action_; }

 private:
  void Advance(const Action& action, int observed_step);
  void AskPolicy();

  Environment& environment_;
  Policy& policy_;
  RolloutOptions options_;
  int horizon_;
  ClipRecorder clips_;
  PolicyInput input_;
  std::vector<Action> chunk_;  // (<= K) the policy's last answer
  size_t played_ = 0;          // actions of it already played
  Action action_ = kNoOp;      // the last one played
  int next_call_ = 0;          // step of the next call
  RolloutResult result_;
};

// Runs a whole episode. `stop`, if not null, is looked at before every step.
RolloutResult RunEpisode(Environment& environment, Policy& policy, const RolloutOptions& options,
                         const EpisodeKey& key, const ResetPlacement& placement,
                         std::span<const double> init, const std::atomic<bool>* stop = nullptr);

}  // namespace vega
