// Many episodes on several threads, with the same results whatever their number.
//
// Each worker owns an environment, a renderer and a policy instance; compiled tasks are shared,
// loaded when first needed and released when their last episode is done. The k-th episode of a task
// uses the k-th reset after seeding, drawn in sequence beforehand, so no episode depends on which
// ones ran before it or where.
//
// A worker may never come back: drivers hang, and nothing can end a thread. One that gives no sign
// of life for too long is given up: its episode is an `error` record, its thread is left behind
// with all it holds, and a fresh worker takes its place.

#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policies/policy.h"
#include "sim/renderer.h"
#include "tasks/evaluation/results.h"
#include "tasks/evaluation/told_task.h"
#include "tasks/rollout.h"
#include "tasks/task.h"

namespace vega {

// One episode to run.
struct EpisodeJob {
  TaskInfo task;    // known without loading the task; horizon is not used
  int episode = 0;  // counts from 0 within the task
};

struct EvaluationOptions {
  int workers = 0;      // threads; 0: as many as there are cores, at most one an episode
  uint64_t seed = 0;    // seeds each task's resets (its lower 32 bits) and the policy
  bool exact = false;   // see SceneOptions
  int wait_steps = 10;  // see RolloutOptions
  int max_steps = 0;    // see RolloutOptions
  int hold_steps = 0;   // see RolloutOptions
  Shift shift;          // see RolloutOptions
  // By task index: what the policy is told instead of the task's own instruction, see
  // EpisodeRecord::told; tasks that are missing keep their own.
  std::map<int, ToldTask> told;
  std::vector<std::string> cameras;  // the policy's, in its order, then those a video shows besides
  int image_size = 0;                // pixels, square
  // s a worker may take over loading a task, a policy call or a control step before it is given up;
  // 0: for ever
  double patience = 0;
};

// Where the evaluation gets what it needs. All but `done` are called from worker threads.
struct EvaluationSources {
  std::function<std::shared_ptr<const Task>(int task)> load_task;
  std::function<std::unique_ptr<Policy>()> make_policy;
  // Called only when there are cameras, with how many workers draw.
  std::function<std::unique_ptr<Renderer>(int workers)> make_renderer;
  // Called with a finished episode, one at a time. What it throws ends the evaluation.
  std::function<void(const EpisodeRecord&)> done;
  // If set: what is called with the frames of each observation of one episode.
  std::function<std::function<void(const Environment&)>(const EpisodeJob&)> watch;
  // If set: called before each step of a worker (from 0) with how many were played, no-ops
  // included; the environment holds the frames it drew last.
  std::function<void(int worker, const EpisodeJob&, int step, const Environment&)> step;
  // If set: what is called with a finished episode and every action it played, no-ops first, before
  // `done` and from the worker's thread. What it throws ends the evaluation.
  std::function<void(const EpisodeRecord&, const std::vector<Action>&)> played;
};

struct EvaluationEnd {
  bool whole = true;  // false: stopped from outside
  int given_up = 0;   // workers left behind; end the process with std::_Exit if there are any
  operator bool() const { return whole; }
};

// Runs the jobs, in order as far as workers allow. A task that cannot be loaded and an episode that
// throws are `error` records. When `stop` turns true, running episodes are dropped and the run is
// not whole. Throws what `done`, `make_policy` and `make_renderer` throw, and Error when one worker
// after the other must be given up.
EvaluationEnd Evaluate(const std::vector<EpisodeJob>& jobs, const EvaluationOptions& options,
                       const EvaluationSources& sources, std::atomic<bool>& stop);

}  // namespace vega
