// The workers of an evaluation and the tasks they share.

#include "tasks/evaluation/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "sim/base/error.h"

namespace vega {
namespace {

using Clock = std::chrono::steady_clock;

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

EpisodeRecord BlankRecord(const EpisodeJob& job, const EvaluationOptions& options) {
  const auto told = options.told.find(job.task.index);
  const bool own = told == options.told.end();
  return {.suite = job.task.suite,
          .task = job.task.index,
          .task_name = job.task.name,
          .instruction = own ? job.task.instruction : told->second.instruction,
          .episode = job.episode,
          .init = job.episode,
          .seed = options.seed};
}

// where a worker's thread and the one that watches it meet
struct Seat {
  std::atomic<bool> leave = false;  // the run is stopped, or the worker was given up
  std::atomic<Clock::time_point> alive = Clock::now();  // its last sign of life
  // guarded by the crew's mutex
  std::optional<size_t> job;
  bool given_up = false;
  bool left = false;  // its thread has ended
  int index = 0;      // of the worker
};

// one thread's renderer, policy and environment; the last is rebuilt when the task changes
class Worker {
 public:
  // workers: how many there are
  Worker(TaskPool& pool, const EvaluationOptions& options, const EvaluationSources& sources,
         int workers)
      : pool_(pool), options_(options), sources_(sources), policy_(sources.make_policy()) {
    if (!options.cameras.empty()) renderer_ = sources.make_renderer(workers);
  }

  // nothing when it was interrupted
  std::optional<EpisodeRecord> Run(const EpisodeJob& job, Seat& seat) {
    EpisodeRecord record = BlankRecord(job, options_);
    RolloutResult result;
    try {
      result = RunLoaded(job, record, seat);
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
  RolloutResult RunLoaded(const EpisodeJob& job, EpisodeRecord& record, Seat& seat) {
    const std::shared_ptr<const LoadedTask> loaded = pool_.Acquire(job.task.index);
    seat.alive = Clock::now();
    const Task& task = *loaded->task;
    if (environment_ == nullptr || &environment_->task() != &task) {
      environment_.reset();
      environment_ = std::make_unique<Environment>(
          loaded->task, EnvironmentOptions{options_.exact, options_.cameras, options_.image_size},
          renderer_.get());
      told_goal_.reset();
      const auto told = options_.told.find(job.task.index);
      if (told != options_.told.end()) told_goal_.emplace(told->second, task);
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
                           .hold_steps = options_.hold_steps,
                           .shift = options_.shift};
    if (sources_.watch) rollout.on_frames = sources_.watch(job);
    if (told_goal_) {
      record.told = false;
      rollout.on_observation = [&](const Environment& environment) {
        if (told_goal_->Holds(environment.scene())) record.told = true;
      };
    }
    actions_.clear();
    int step = 0;
    rollout.on_action = [&](const Action& action) {
      seat.alive = Clock::now();
      if (sources_.step) sources_.step(seat.index, job, step, *environment_);
      ++step;
      if (sources_.played) actions_.push_back(action);
    };
    const auto start = std::chrono::steady_clock::now();
    RolloutResult result = RunEpisode(*environment_, *policy_, rollout, key,
                                      loaded->placements[job.episode], row, &seat.leave);
    record.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
  }

  TaskPool& pool_;
  const EvaluationOptions& options_;
  const EvaluationSources& sources_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<Renderer> renderer_;
  std::unique_ptr<Environment> environment_;
  std::optional<ToldGoal> told_goal_;  // on the environment's scene
  std::vector<Action> actions_;        // of this episode, for EvaluationSources::played
};

// All workers and what they share. Threads hold it, so one that was given up finds it whole when it
// wakes after all.
class Crew : public std::enable_shared_from_this<Crew> {
 public:
  Crew(const std::vector<EpisodeJob>& jobs, const EvaluationOptions& options,
       const EvaluationSources& sources, std::atomic<bool>& stop)
      : jobs_(jobs),
        options_(options),
        sources_(sources),
        pool_(jobs_, sources_, options.seed),
        stop_(&stop) {
    const size_t wanted =
        options.workers > 0 ? options.workers : std::thread::hardware_concurrency();
    workers_ = static_cast<int>(std::clamp<size_t>(jobs.size(), 1, std::max<size_t>(wanted, 1)));
  }

  EvaluationEnd Run() {
    std::unique_lock lock(mutex_);
    for (int i = 0; i < workers_; ++i) AddWorker();
    while (at_work_ > 0) {
      changed_.wait_for(lock, kWatch);
      if (*stop_) {
        for (const auto& seat : seats_) seat->leave = true;
      }
      if (options_.patience > 0) GiveUpHung();
    }
    stop_ = nullptr;
    lock.unlock();
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
    if (failure_) std::rethrow_exception(failure_);
    return {.whole = !stopped_, .given_up = given_up_};
  }

 private:
  static constexpr auto kWatch = std::chrono::milliseconds(20);
  static constexpr int kTooMany = 8;  // workers given up before the run is

  // needs the mutex, as all that follow but Work
  void AddWorker() {
    auto seat = std::make_shared<Seat>();
    seat->index = static_cast<int>(seats_.size());
    seats_.push_back(seat);
    ++at_work_;
    threads_.emplace_back([crew = shared_from_this(), seat] { crew->Work(*seat); });
  }

  void Work(Seat& seat) {
    try {
      Worker worker(pool_, options_, sources_, workers_);
      while (const std::optional<size_t> job = Take(seat)) {
        const std::optional<EpisodeRecord> record = worker.Run(jobs_[*job], seat);
        pool_.Release(jobs_[*job].task.index);
        Deliver(seat, record);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!seat.given_up) Fail(std::current_exception());
    }
    const std::lock_guard lock(mutex_);
    if (seat.given_up) return;
    seat.left = true;
    --at_work_;
    changed_.notify_one();
  }

  std::optional<size_t> Take(Seat& seat) {
    const std::lock_guard lock(mutex_);
    seat.job.reset();
    if (seat.given_up) return {};
    if (*stop_) stopped_ = true;
    if (stopped_ || next_ >= jobs_.size()) return {};
    seat.alive = Clock::now();
    return seat.job = next_++;
  }

  // an episode that was interrupted has no record; one of a worker given up has been told already
  void Deliver(Seat& seat, const std::optional<EpisodeRecord>& record) {
    const std::lock_guard lock(mutex_);
    if (seat.given_up) return;
    seat.job.reset();
    if (!record) stopped_ = true;
    if (record && !failure_) sources_.done(*record);
  }

  // the first failure ends all workers
  void Fail(std::exception_ptr failure) {
    if (!failure_) failure_ = std::move(failure);
    *stop_ = stopped_ = true;
  }

  void GiveUpHung() {
    const auto patience = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(options_.patience));
    const Clock::time_point now = Clock::now();
    for (size_t i = 0, count = seats_.size(); i < count; ++i) {
      Seat& seat = *seats_[i];
      if (seat.given_up || seat.left || now - seat.alive.load() < patience) continue;
      seat.given_up = seat.leave = true;
      threads_[i].detach();
      --at_work_;
      ++given_up_;
      try {
        if (seat.job && !failure_) sources_.done(HungRecord(jobs_[*seat.job]));
        if (given_up_ >= kTooMany) {
          throw Error(fmt::format("{} workers stopped answering", given_up_),
                      "see vega doctor; for slow policies raise --patience");
        }
        if (!stopped_) AddWorker();
      } catch (...) {
        Fail(std::current_exception());
      }
    }
  }

  EpisodeRecord HungRecord(const EpisodeJob& job) const {
    EpisodeRecord record = BlankRecord(job, options_);
    record.outcome = Outcome::kError;
    record.wall_s = options_.patience;
    record.error =
        fmt::format("the worker stopped answering for {:g} s and was given up", options_.patience);
    return record;
  }

  const std::vector<EpisodeJob> jobs_;
  const EvaluationOptions options_;
  const EvaluationSources sources_;
  TaskPool pool_;
  int workers_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::atomic<bool>* stop_;  // the caller's, until Run returns
  size_t next_ = 0;          // job
  int at_work_ = 0;          // threads that neither ended nor were given up
  int given_up_ = 0;
  bool stopped_ = false;
  std::exception_ptr failure_;
  std::vector<std::shared_ptr<Seat>> seats_;
  std::vector<std::thread> threads_;  // of the seats
};

}  // namespace

EvaluationEnd Evaluate(const std::vector<EpisodeJob>& jobs, const EvaluationOptions& options,
                       const EvaluationSources& sources, std::atomic<bool>& stop) {
  return std::make_shared<Crew>(jobs, options, sources, stop)->Run();
}

}  // namespace vega
