// The workers of an evaluation and the tasks they share.

#include "tasks/evaluation/evaluation.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace vega {
namespace {

// a compiled task and the placements of its resets, in the order they were drawn
struct LoadedTask {
  std::shared_ptr<const Task> task;
  std::vector<ResetPlacement> placements;  // (episodes)
};

// loads each task once, when first asked for, and forgets it after its last episode
class TaskPool {
 public:
  TaskPool(const std::vector<EpisodeJob>& jobs, const EvaluationSources& sources, uint64_t seed)
      : sources_(sources), seed_(static_cast<uint32_t>(seed)) {
    for (const EpisodeJob& job : jobs) {
      Slot& slot = slots_[job.task.index];
      ++slot.open_jobs;
      slot.episodes = std::max(slot.episodes, job.episode + 1);
    }
  }

  // throws what loading threw, again for each episode
  std::shared_ptr<const LoadedTask> Acquire(int task) {
    Slot& slot = slots_.at(task);
    const std::lock_guard lock(slot.mutex);
    if (slot.failure) std::rethrow_exception(slot.failure);
    if (slot.loaded == nullptr) {
      try {
        slot.loaded = Load(task, slot.episodes);
      } catch (...) {
        slot.failure = std::current_exception();
        throw;
      }
    }
    return slot.loaded;
  }

  void Release(int task) {
    Slot& slot = slots_.at(task);
    const std::lock_guard lock(slot.mutex);
    if (--slot.open_jobs == 0) slot.loaded.reset();
  }

 private:
  struct Slot {
    std::mutex mutex;
    int open_jobs = 0;
    int episodes = 0;
    std::shared_ptr<const LoadedTask> loaded;
    std::exception_ptr failure;
  };

  std::shared_ptr<const LoadedTask> Load(int task, int episodes) const {
    LoadedTask loaded{sources_.load_task(task), {}};
    const std::unique_ptr<ResetSampler> sampler = loaded.task->NewResetSampler();
    sampler->Seed(seed_);
    for (int k = 0; k < episodes; ++k) loaded.placements.push_back(sampler->Sample());
    return std::make_shared<const LoadedTask>(std::move(loaded));
  }

  const EvaluationSources& sources_;
  uint32_t seed_;
  std::map<int, Slot> slots_;  // by task index; fixed after construction
};

// one thread's renderer, policy and environment; the last is rebuilt when the task changes
class Worker {
 public:
  Worker(TaskPool& pool, const EvaluationOptions& options, const EvaluationSources& sources)
      : pool_(pool), options_(options), sources_(sources), policy_(sources.make_policy()) {
    if (!options.cameras.empty()) renderer_ = sources.make_renderer();
  }

  // nothing when it was interrupted
  std::optional<EpisodeRecord> Run(const EpisodeJob& job, const std::atomic<bool>& stop) {
    EpisodeRecord record{.suite = job.task.suite,
                         .task = job.task.index,
                         .task_name = job.task.name,
                         .instruction = job.task.instruction,
                         .episode = job.episode,
                         .init = job.episode,
                         .seed = options_.seed};
    RolloutResult result;
    try {
      result = RunLoaded(job, record, stop);
    } catch (const std::exception& error) {
      result.outcome = Outcome::kError;
      result.error = error.what();
    }
    if (result.interrupted) return std::nullopt;
    // an error may have left the simulation in the middle of a step
    if (result.outcome == Outcome::kError) environment_.reset();
    record.outcome = result.outcome;
    record.steps = result.steps;
    if (options_.hold_steps > 0 && result.outcome == Outcome::kSuccess) record.held = result.held;
    record.ms = result.ms;
    record.state_hash = result.state_hash;
    record.error = std::move(result.error);
    if (sources_.played) sources_.played(record, actions_);
    return record;
  }

 private:
  RolloutResult RunLoaded(const EpisodeJob& job, EpisodeRecord& record,
                          const std::atomic<bool>& stop) {
    const std::shared_ptr<const LoadedTask> loaded = pool_.Acquire(job.task.index);
    const Task& task = *loaded->task;
    if (environment_ == nullptr || &environment_->task() != &task) {
      environment_.reset();
      environment_ = std::make_unique<Environment>(
          loaded->task, EnvironmentOptions{options_.exact, options_.cameras, options_.image_size},
          renderer_.get());
    }
    std::span<const double> row;
    if (!task.init_states().empty()) {
      record.init = job.episode % static_cast<int>(task.init_states().size());
      row = task.init_states()[record.init];
    }
    const EpisodeKey key = {record.suite, record.task_name, record.instruction, record.init,
                            record.seed};
    RolloutOptions rollout{.wait_steps = options_.wait_steps,
                           .max_steps = options_.max_steps,
                           .hold_steps = options_.hold_steps};
    if (sources_.watch) rollout.on_frames = sources_.watch(job);
    actions_.clear();
    if (sources_.played) {
      rollout.on_action = [this](const Action& action) { actions_.push_back(action); };
    }
    const auto start = std::chrono::steady_clock::now();
    RolloutResult result = RunEpisode(*environment_, *policy_, rollout, key,
                                      loaded->placements[job.episode], row, &stop);
    record.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
  }

  TaskPool& pool_;
  const EvaluationOptions& options_;
  const EvaluationSources& sources_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<Renderer> renderer_;
  std::unique_ptr<Environment> environment_;
  std::vector<Action> actions_;  // of this episode, for EvaluationSources::played
};

}  // namespace

bool Evaluate(const std::vector<EpisodeJob>& jobs, const EvaluationOptions& options,
              const EvaluationSources& sources, std::atomic<bool>& stop) {
  TaskPool pool(jobs, sources, options.seed);
  std::atomic<size_t> next = 0;
  std::mutex done_mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      Worker worker(pool, options, sources);
      for (size_t i; !stop && (i = next++) < jobs.size();) {
        const std::optional<EpisodeRecord> record = worker.Run(jobs[i], stop);
        pool.Release(jobs[i].task.index);
        if (!record) return;
        const std::lock_guard lock(done_mutex);
        if (!failure) sources.done(*record);
      }
    } catch (...) {
      // the first failure ends all workers
      const std::lock_guard lock(done_mutex);
      if (!failure) failure = std::current_exception();
      stop = true;
    }
  };
  const size_t wanted = options.workers > 0 ? options.workers : std::thread::hardware_concurrency();
  std::vector<std::thread> threads(std::clamp<size_t>(jobs.size(), 1, std::max<size_t>(wanted, 1)));
  for (std::thread& thread : threads) thread = std::thread(work);
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
  return !stop;
}

}  // namespace vega
