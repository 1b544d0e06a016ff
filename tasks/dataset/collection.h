// Collecting demonstrations on several threads, with the same episodes whatever their number.
//
// An episode starts from a placement freshly sampled from the task's BDDL regions (or away from
// them, see StartVariation) and an arm a little off its reset pose, as LIBERO's initial states were
// made, never from the official ones themselves: they are the evaluation. Then the evaluators'
// protocol runs: the state is set, ten no-ops, the policy. All chance is keyed by (seed, suite,
// task, episode, attempt), so no episode depends on another.
//
// With a takeover another policy acts first, up to a drawn step, and the demonstrator goes on from
// wherever that led: data of the states a learner gets itself into (DAgger: Ross et al. 2011, "A
// reduction of imitation learning and structured prediction to no-regret online learning").

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

// Control steps after which the demonstrator takes over, drawn uniformly; 1 <= first <= last.
struct TakeoverRange {
  int first = 1, last = 1;
};

struct CollectionOptions {
  DatasetContract contract;  // cameras (also those of the policy, first), size, filter, hold
  // What the policy looks at where the contract has no pictures.
  std::vector<std::string> policy_cameras;
  int policy_image_size = 0;
  TakeoverRange takeover;  // of sources with a `make_learner`
  uint64_t seed = 0;
  int workers = 0;          // threads; 0: as many as there are cores
  int attempts = 10;        // tries an episode has when only successes are kept
  int compression = 1;      // of pictures, zlib level
  int max_steps = 0;        // see RolloutOptions
  double arm_noise = 0.02;  // rad, standard deviation of each joint at the start
  StartVariation starts;    // beyond the task's regions; by default not
};

struct CollectionJob {
  int task = 0;     // index in the suite
  int episode = 0;  // counts from 0 within the task
};

// How a job ended.
struct CollectedEpisode {
  CollectionJob job;
  int attempts = 0;       // made
  int solved_before = 0;  // of them, those the policy solved before the takeover
  bool kept = false;      // `demo` is to be stored
  Demonstration demo;     // of the last attempt
  std::string failure;    // one line: why nothing is kept
};

// All but `done` are called from worker threads.
struct CollectionSources {
  std::function<std::shared_ptr<const Task>(int task)> load_task;
  std::function<DemoTask(int task)> describe_task;
  std::function<std::unique_ptr<Policy>()> make_policy;  // the demonstrator
  // If set: who acts in each episode until the demonstrator, which must look at no camera, takes
  // over. An attempt that is solved before is not kept.
  std::function<std::unique_ptr<Policy>()> make_learner;
  // Called with how many workers draw; may answer null without cameras.
  std::function<std::unique_ptr<Renderer>(int workers)> make_renderer;
  // Called from a worker with a finished episode and its task, one at a time. What it throws ends
  // the collection.
  std::function<void(const DemoTask&, CollectedEpisode)> done;
};

// Runs the jobs, in order as far as workers allow. When `stop` turns true, running episodes are
// dropped and the function returns false. Throws what the sources throw.
bool Collect(const std::vector<CollectionJob>& jobs, const CollectionOptions& options,
             const CollectionSources& sources, std::atomic<bool>& stop);

}  // namespace vega
