// What a session's simulation thread drives: a scene, a policy and their rollout.

#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tasks/environment.h"
#include "viewer/session.h"

namespace vega {

class Session::Engine {
 public:
  Engine(std::shared_ptr<const Task> task, MakeRenderer make_renderer, uint32_t seed);

  // Takes the policy for all that follows; the episode, if there is one, goes on with it. Throws
  // what making it throws; then the old one stays, and where there is none, one that does nothing.
  void SetPolicy(const SessionPolicy& policy);
  // Begins an episode: reset, initial state, no-ops.
  SnapshotPtr Restart(int init, int reset, const std::string& instruction);
  // Goes on from a snapshot. `past` (by step, up to it) is what a policy that remembers is asked
  // again.
  void Load(const Snapshot& snapshot, const std::vector<SnapshotPtr>& past, int init);
  SnapshotPtr Edit(const Snapshot& snapshot, const std::function<void(Scene&)>& change);
  void SetInstruction(const std::string& instruction);
  // One control step. `push` is looked at before each sub-step, under `mutex`.
  SnapshotPtr Step(bool substeps, const std::optional<mjvPerturb>& push, std::mutex& mutex);
  // A bare reset to a placement, for recorded states.
  void Place(const ResetPlacement& placement) { environment_->Reset(placement, {}); }
  // A state of (1+nq+nv) as the snapshot of `step`.
  SnapshotPtr Recorded(int step, const std::vector<double>& state);

  const PolicyContract& contract() const { return policy_->contract(); }

 private:
  EpisodeKey Key() const;
  ResetPlacement PlacementOf(int reset) const;
  void MakeEnvironment();
  SnapshotPtr Take(std::vector<std::vector<double>> substeps) const;

  std::shared_ptr<const Task> task_;
  MakeRenderer make_renderer_;
  uint32_t seed_;
  std::unique_ptr<Renderer> renderer_;
  std::string policy_name_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<Environment> environment_;
  std::unique_ptr<Rollout> rollout_;
  bool begun_ = false;
  int init_ = 0;
  std::string instruction_;
  std::shared_ptr<const PolicyCall> call_;  // the last one
};

}  // namespace vega
