// The simulation behind the window: one thread that steps an episode and publishes what the window
// shows.
//
//   window thread                          simulation thread
//   Play, Pause, Step, GoOnFrom, ... ───►  commands, done between two steps
//   latest(), at(step)               ◄───  snapshots (immutable, shared)
//
// The window never waits for a step, and a step never waits for the window. The history runs from
// step 0 to the latest; going on from an earlier step drops what came after it:
//
//   0 ── 1 ── 2 ── 3 ── 4 ── 5            latest() is 5
//             └─ GoOnFrom(2), Play ─►     the same states again, or others after a change

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sim/renderer.h"
#include "viewer/snapshot.h"

namespace vega {

// A policy by name and how an instance of it is made, on the simulation thread. What `make` throws
// is the session's error.
struct SessionPolicy {
  std::string name;
  std::function<std::unique_ptr<Policy>()> make;
};

struct SessionOptions {
  int init = 0;             // initial state
  int reset = -1;           // number of the reset after seeding, from 0; -1: that of `init`
  uint32_t seed = 0;        // of resets and of the policy
  bool playing = true;      // start at once
  double speed = 1;         // times real time, > 0
  std::string instruction;  // empty: the task's own
};

class Session {
 public:
  using MakeRenderer = std::function<std::unique_ptr<Renderer>(const PolicyContract&)>;

  // `renderer` makes the renderer of a policy's cameras, on the simulation thread; unused by blind
  // policies.
  Session(std::shared_ptr<const Task> task, SessionPolicy policy, MakeRenderer renderer,
          SessionOptions options);
  // A fork: the past of `other` up to `step`, the same policy, paused, a future of its own. Throws
  // Error when there is no such step.
  Session(const Session& other, int step);
  // A recording: states (1+nq+nv) to look at, the fixtures as placed; any of them can be gone on
  // from. Throws Error when there is none or one is of another width.
  Session(std::shared_ptr<const Task> task, SessionPolicy policy, MakeRenderer renderer,
          SessionOptions options, const std::vector<std::vector<double>>& states,
          const ResetPlacement& placement = {});
  ~Session();
  // Asks the thread to end and waits for it. False when it is still at work, in a policy's call.
  bool Stop(std::chrono::milliseconds patience);

  void Play();
  void Pause();
  // Pauses after one more control step; `substeps` also keeps the states within it.
  void StepOnce(bool substeps = false);
  // Back to an initial state; `reset` as in SessionOptions.
  void Restart(int init, int reset = -1);
  void SetSpeed(double speed);  // times real time, > 0

  // Commands; done in order, between two steps.
  void GoOnFrom(int step);
  // Goes on from `step`, changed: qpos or what ModelEdits holds; a forward pass follows.
  void Edit(int step, std::function<void(Scene&)> change);
  void SetInstruction(const std::string& instruction);  // from the policy's next call on
  void SetPolicy(SessionPolicy policy);                 // asked at the next step
  // Pushes a body as MuJoCo's viewers do, until it is called with none.
  void SetPush(std::optional<mjvPerturb> push);

  bool playing() const;
  int init() const;
  double speed() const;
  std::string instruction() const;
  std::string policy_name() const;
  PolicyContract contract() const;  // of the policy at work
  // Simulated over wall-clock time, 0 while paused.
  double realtime_factor() const;
  // What stopped the simulation, empty while all is well.
  std::string error() const;
  // True while a command is waiting or at work.
  bool busy() const;
  // Null until the first state is there.
  SnapshotPtr latest() const;
  // A step of this episode, null when it is not there (yet).
  SnapshotPtr at(int step) const;
  // Calls `visit` with every snapshot, by step, the history held still meanwhile.
  void ForEach(const std::function<void(const Snapshot&)>& visit) const;

  const Task& task() const { return *task_; }
  const std::shared_ptr<const Task>& shared_task() const { return task_; }
  uint32_t seed() const { return seed_; }

 private:
  // The scene, the policy and their rollout; lives on the simulation thread.
  class Engine;

  void Start();
  void Post(std::function<void(Engine&)> command);
  void Run();
  // Between two steps, mutex held: is one to be made, now or later?
  bool MayStep() const;
  void Pace();
  // Runs on the simulation thread; what it throws is the error that stops the session.
  void Guard(const std::function<void()>& work);
  void Publish(SnapshotPtr snapshot);  // truncates the history to its step first

  const std::shared_ptr<const Task> task_;
  const MakeRenderer make_renderer_;
  const uint32_t seed_;

  mutable std::mutex mutex_;  // guards all below, the engine excepted
  std::condition_variable wake_;
  std::deque<std::function<void(Engine&)>> commands_;
  bool quit_ = false;
  bool ended_ = false;    // the thread
  bool working_ = false;  // on a command
  bool playing_ = true;
  int single_steps_ = 0;
  bool keep_substeps_ = false;  // of the single steps
  double speed_ = 1;
  int init_ = 0;
  std::string instruction_;
  SessionPolicy policy_;
  PolicyContract contract_;
  std::vector<SnapshotPtr> history_;  // by step
  double realtime_factor_ = 0;
  std::string error_;
  std::optional<mjvPerturb> push_;

  std::chrono::steady_clock::time_point due_;  // of the next step; simulation thread only
  std::thread thread_;                         // last: starts when all else is there
};

}  // namespace vega
