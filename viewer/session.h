// The simulation behind the window: one thread that steps an episode and publishes what the window
// shows.
//
//   window thread                    simulation thread
//   Play, Pause, StepOnce, ... ───►  requests (under a mutex)
//   latest(), at(step)         ◄───  snapshots (immutable, shared)
//
// The window never waits for a step, and a step never waits for the window.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "policies/policy.h"
#include "sim/renderer.h"
#include "tasks/environment.h"

namespace vega {

class Rollout;

// The episode after one control step; never changed once published.
struct Snapshot {
  int step = 0;                   // control steps of the policy
  std::vector<double> state;      // (1+nq+nv) time, qpos, qvel
  std::vector<mjtNum> body_pos;   // (nbody x 3) m
  std::vector<mjtNum> body_quat;  // (nbody x 4) w,x,y,z
  std::vector<float> site_rgba;   // (nsite x 4)
  Proprio proprio;
  Action action{};  // that led here
  std::vector<GoalTerm> goal;
  bool success = false;
  std::vector<Image> frames;  // what the policy last saw, one per camera of its contract
};

struct SessionOptions {
  int init = 0;         // initial state
  uint32_t seed = 0;    // of resets and of the policy
  bool playing = true;  // start at once
};

class Session {
 public:
  // `renderer` makes the renderer of the policy's cameras, on the simulation thread; unused by
  // blind policies.
  Session(std::shared_ptr<const Task> task, std::unique_ptr<Policy> policy,
          std::function<std::unique_ptr<Renderer>()> renderer, SessionOptions options);
  ~Session();

  void Play();
  void Pause();
  void StepOnce();              // pauses after one control step
  void Restart(int init);       // back to an initial state
  void SetSpeed(double speed);  // times real time, > 0

  bool playing() const;
  int init() const;
  double speed() const;
  // Simulated over wall-clock time of the last second, 0 while paused.
  double realtime_factor() const;
  // What stopped the simulation, empty while all is well.
  std::string error() const;
  // Null until the first state is there.
  std::shared_ptr<const Snapshot> latest() const;
  // A step of this episode, null when it is not there (yet).
  std::shared_ptr<const Snapshot> at(int step) const;
  // All of them, by step.
  std::vector<std::shared_ptr<const Snapshot>> history() const;

  const Task& task() const { return *task_; }
  const PolicyContract& contract() const { return contract_; }

 private:
  struct Requests {
    bool playing = true;
    bool quit = false;
    int single_steps = 0;
    bool restart = true;  // begin the episode of `init`
    int init = 0;
    double speed = 1;
  };

  void Run();
  // Runs the episode of initial state `init`; returns when it is left.
  void RunEpisode(Environment& environment, int init);
  // Waits until the next step is due. False when the episode is to be left.
  bool AwaitStep(bool over);
  void Publish(const Environment& environment, const Rollout& rollout);
  ResetPlacement PlacementOf(int init) const;

  const std::shared_ptr<const Task> task_;
  const std::unique_ptr<Policy> policy_;
  const PolicyContract contract_;
  const std::function<std::unique_ptr<Renderer>()> make_renderer_;
  const SessionOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Requests requests_;                                     // guarded by mutex_
  std::vector<std::shared_ptr<const Snapshot>> history_;  // guarded by mutex_
  double realtime_factor_ = 0;                            // guarded by mutex_
  std::chrono::steady_clock::time_point due_;  // of the next step; simulation thread only
  std::string error_;                          // guarded by mutex_
  std::thread thread_;                         // last: starts when all else is there
};

}  // namespace vega
