#include "tasks/dataset/collection.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "sim/base/hash.h"
#include "sim/base/random.h"
#include "tasks/dataset/episode_recorder.h"
#include "tasks/dataset/fixture_poses.h"
#include "tasks/dataset/noisy_policy.h"
#include "tasks/expert/expert_policy.h"
#include "tasks/rollout.h"

namespace vega {
namespace {

// a task and what the file will say of it
struct LoadedTask {
  std::shared_ptr<const Task> task;
  DemoTask description;
};

// loads each task once, when first asked for, and forgets it when its last job is done
class TaskPool {
 public:
  TaskPool(const std::vector<CollectionJob>& jobs, const CollectionSources& sources)
      : sources_(sources) {
    for (const CollectionJob& job : jobs) ++slots_[job.task].open_jobs;
  }

  std::shared_ptr<const LoadedTask> Acquire(int task) {
    Slot& slot = slots_.at(task);
    const std::lock_guard lock(slot.mutex);
    if (slot.loaded == nullptr) {
      slot.loaded = std::make_shared<const LoadedTask>(sources_.load_task(task),
                                                       sources_.describe_task(task));
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
    std::shared_ptr<const LoadedTask> loaded;
  };
  const CollectionSources& sources_;
  std::map<int, Slot> slots_;  // by task; fixed after construction
};

// where one attempt starts
struct Start {
  ResetPlacement placement;
  std::vector<double> state;  // to be set: what the placement gives, with noise on the arm
};

class Worker {
 public:
  // workers: how many there are
  Worker(const CollectionOptions& options, const CollectionSources& sources, int workers)
      : options_(options),
        policy_(sources.make_policy()),
        learner_(sources.make_learner ? sources.make_learner() : nullptr),
        renderer_(sources.make_renderer(workers)),
        recorder_(options.contract, options.compression) {
    if (options.contract.action_noise <= 0) return;
    auto noisy = std::make_unique<NoisyPolicy>(std::move(policy_), options.contract.action_noise);
    noisy_ = noisy.get();
    policy_ = std::move(noisy);
  }

  // nothing when it was interrupted
  std::optional<CollectedEpisode> Run(const CollectionJob& job, const LoadedTask& loaded,
                                      const std::atomic<bool>& stop) {
    if (environment_ == nullptr || &environment_->task() != loaded.task.get()) {
      environment_.reset();
      environment_ = std::make_unique<Environment>(
          loaded.task,
          EnvironmentOptions{
              .cameras = records_pictures() ? options_.contract.cameras : options_.policy_cameras,
              .image_size =
                  records_pictures() ? options_.contract.image_size : options_.policy_image_size},
          renderer_.get());
    }
    CollectedEpisode episode{.job = job};
    const int attempts = options_.contract.successes_only ? options_.attempts : 1;
    while (episode.attempts < attempts && !episode.kept) {
      if (!Try(loaded, stop, episode)) return std::nullopt;
    }
    if (episode.kept) episode.failure.clear();
    return episode;
  }

 private:
  bool records_pictures() const { return !options_.contract.cameras.empty(); }

  // one attempt; false when it was interrupted
  bool Try(const LoadedTask& loaded, const std::atomic<bool>& stop, CollectedEpisode& episode) {
    const int attempt = episode.attempts++;
    // no two attempts share any chance
    const int number = episode.job.episode * options_.attempts + attempt;
    const TaskInfo& info = loaded.task->info();
    RolloutResult result;
    Start start;
    recorder_.Take();
    bool taken_over = true;
    try {
      start = Draw(*loaded.task, number);
      const EpisodeKey key = {info.suite, info.name, info.instruction, number, options_.seed};
      result = learner_ ? PlayTakeover(key, start, stop, taken_over) : Play(key, start, stop);
    } catch (const std::exception& error) {
      result.outcome = Outcome::kError;
      result.error = error.what();
    }
    if (result.interrupted) return false;
    if (result.outcome == Outcome::kError) {
      // the simulation may have stopped in the middle of a step
      environment_ =
          std::make_unique<Environment>(loaded.task, environment_->options(), renderer_.get());
      episode.failure = result.error;
      return true;
    }
    if (!taken_over) {
      ++episode.solved_before;
      episode.failure = "the policy solved it before the takeover";
      return true;
    }
    const bool success =
        result.outcome == Outcome::kSuccess && (result.held || options_.contract.hold_steps == 0);
    episode.demo = recorder_.Take();
    episode.kept = (success || !options_.contract.successes_only) && !episode.demo.actions.empty();
    episode.failure = result.outcome != Outcome::kSuccess ? "the goal was not reached"
                      : !success                          ? "the goal was reached and did not hold"
                                                          : "every action was a no-op";
    if (!episode.kept) return true;
    episode.demo.episode = episode.job.episode;
    episode.demo.attempt = attempt;
    episode.demo.seed = options_.seed;
    episode.demo.success = success;
    episode.demo.reset_state = std::move(start.state);
    const Scene& scene = environment_->scene();
    episode.demo.model_file =
        WithFixturePoses(loaded.description.mjcf, scene.model(), *scene.base_model());
    return true;
  }

  Start Draw(const Task& task, int number) {
    const std::string name = fmt::format("collect/{}/{}", task.info().suite, task.info().name);
    RandomStream random(options_.seed, name, number);
    Start start;
    const std::unique_ptr<ResetSampler> sampler = task.NewResetSampler(options_.starts);
    sampler->Seed(random.NextU32());
    start.placement = sampler->Sample();
    environment_->Reset(start.placement, {});
    start.state = environment_->scene().State();
    for (const int address : environment_->scene().robot().qpos) {
      start.state[1 + address] += options_.arm_noise * random.Normal();
    }
    return start;
  }

  // what one part of an episode is recorded with; `expert_acts`: see EpisodeRecorder::Act
  RolloutOptions Recorded(std::optional<bool> expert_acts) {
    RolloutOptions rollout;
    const auto observe = [this](const Environment& environment) {
      observed_ = true;
      recorder_.Observe(environment);
    };
    (records_pictures() ? rollout.on_frames : rollout.on_observation) = observe;
    rollout.on_action = [this, expert_acts](const Action& action) {
      if (!observed_) return;
      recorder_.Act(action, noisy_ ? std::optional(noisy_->Meant()) : std::nullopt, expert_acts);
    };
    return rollout;
  }

  RolloutResult Play(const EpisodeKey& key, const Start& start, const std::atomic<bool>& stop) {
    observed_ = false;
    RolloutOptions rollout = Recorded({});
    rollout.max_steps = options_.max_steps;
    rollout.hold_steps = options_.contract.hold_steps;
    return RunEpisode(*environment_, *policy_, rollout, key, start.placement, start.state, &stop);
  }

  // The learner up to a drawn step, then the demonstrator with all the steps an episode has.
  // `taken_over` is false where the learner solved the task before.
  RolloutResult PlayTakeover(const EpisodeKey& key, const Start& start,
                             const std::atomic<bool>& stop, bool& taken_over) {
    const auto* expert = dynamic_cast<const ExpertPolicy*>(policy_.get());
    const auto play = [&](Rollout& rollout) {
      // an expert that gave up would hold still to the end
      while (!stop && !(expert && expert->failed()) && rollout.Step()) {
      }
      RolloutResult result = rollout.result();
      result.interrupted = stop;
      return result;
    };
    RandomStream random(options_.seed, "collect/takeover/" + key.suite + "/" + key.task_name,
                        static_cast<uint64_t>(key.init));
    const TakeoverRange& range = options_.takeover;
    const int step =
        range.first +
        static_cast<int>(random.Below(static_cast<uint32_t>(range.last - range.first) + 1));
    observed_ = false;
    policy_->Reset(key);  // forgets that it gave up the last episode
    RolloutOptions rollout = Recorded(false);
    rollout.max_steps = step;
    Rollout learning(*environment_, *learner_, rollout);
    learning.Start(key, start.placement, start.state);
    const RolloutResult learnt = play(learning);
    taken_over = learnt.outcome != Outcome::kSuccess;
    if (!taken_over || learnt.interrupted) return learnt;

    rollout = Recorded(true);
    rollout.max_steps =
        step + (options_.max_steps > 0 ? options_.max_steps : environment_->task().info().horizon);
    rollout.hold_steps = options_.contract.hold_steps;
    Rollout finishing(*environment_, *policy_, rollout);
    finishing.TakeOver(key, learning.state());
    return play(finishing);
  }

  const CollectionOptions& options_;
  std::unique_ptr<Policy> policy_;
  NoisyPolicy* noisy_ = nullptr;              // policy_, where its actions are disturbed
  std::unique_ptr<Policy> learner_;           // who acts before policy_ takes over; or null
  std::unique_ptr<Renderer> renderer_;        // null without pictures
  std::unique_ptr<Environment> environment_;  // of the task of the last job
  EpisodeRecorder recorder_;
  bool observed_ = false;  // actions before the first observation are the no-ops
};

}  // namespace

bool Collect(const std::vector<CollectionJob>& jobs, const CollectionOptions& options,
             const CollectionSources& sources, std::atomic<bool>& stop) {
  TaskPool pool(jobs, sources);
  std::atomic<size_t> next = 0;
  std::mutex done_mutex;
  std::exception_ptr failure;
  const size_t wanted = options.workers > 0 ? options.workers : std::thread::hardware_concurrency();
  const size_t workers = std::clamp<size_t>(jobs.size(), 1, std::max<size_t>(wanted, 1));
  const auto work = [&] {
    try {
      Worker worker(options, sources, static_cast<int>(workers));
      for (size_t i; !stop && (i = next++) < jobs.size();) {
        const std::shared_ptr<const LoadedTask> loaded = pool.Acquire(jobs[i].task);
        std::optional<CollectedEpisode> episode = worker.Run(jobs[i], *loaded, stop);
        pool.Release(jobs[i].task);
        if (!episode) return;
        const std::lock_guard lock(done_mutex);
        if (!failure) sources.done(loaded->description, *std::move(episode));
      }
    } catch (...) {
      // the first failure ends all workers
      const std::lock_guard lock(done_mutex);
      if (!failure) failure = std::current_exception();
      stop = true;
    }
  };
  std::vector<std::thread> threads(workers);
  for (std::thread& thread : threads) thread = std::thread(work);
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
  return !stop;
}

}  // namespace vega
