// Collecting demonstrations on several threads, with the same episodes whatever their number.
//
// An episode starts from a placement freshly sampled from the task's BDDL regions and an arm a
// little off its reset pose, as LIBERO's initial states were made, never from the official ones
// themselves: they are the evaluation. Then the evaluators' protocol runs: the state is set, ten
// no-ops, the policy. All chance is keyed by (seed, suite, task, episode, attempt), so no episode
// depends on another.

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "policies/policy.h"
#include "sim/renderer.h"
#include "tasks/dataset/contract.h"
#include "tasks/dataset/demonstration.h"
#include "tasks/task.h"

namespace vega {

struct CollectionOptions {
  DatasetContract contract;  // cameras (also those of the policy, first), size, filter, hold
  uint64_t seed = 0;
  int workers = 0;          // threads; 0: as many as there are cores
  int attempts = 10;        // tries an episode has when only successes are kept
  int compression = 1;      // of pictures, zlib level
  int max_steps = 0;        // see RolloutOptions
  double arm_noise = 0.02;  // rad, standard deviation of each joint at the start
};

struct CollectionJob {
  int task = 0;     // index in the suite
  int episode = 0;  // counts from 0 within the task
};

// How a job ended.
struct CollectedEpisode {
  CollectionJob job;
  int attempts = 0;     // made
  bool kept = false;    // `demo` is to be stored
  Demonstration demo;   // of the last attempt
  std::string failure;  // one line: why nothing is kept
};

// All but `done` are called from worker threads.
struct CollectionSources {
  std::function<std::shared_ptr<const Task>(int task)> load_task;
  std::function<DemoTask(int task)> describe_task;
  std::function<std::unique_ptr<Policy>()> make_policy;
  std::function<std::unique_ptr<Renderer>()> make_renderer;  // may answer null without cameras
  // Called from a worker with a finished episode and its task, one at a time. What it throws ends
  // the collection.
  std::function<void(const DemoTask&, CollectedEpisode)> done;
};

// Runs the jobs, in order as far as workers allow. When `stop` turns true, running episodes are
// dropped and the function returns false. Throws what the sources throw.
bool Collect(const std::vector<CollectionJob>& jobs, const CollectionOptions& options,
             const CollectionSources& sources, std::atomic<bool>& stop);

}  // namespace vega
