// vega collect: lets a policy solve tasks from freshly drawn starts and writes demonstrations as
// LIBERO/robomimic HDF5.

#include "apps/collect.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "apps/interrupt.h"
#include "apps/modes.h"
#include "apps/policies.h"
#include "apps/render_flag.h"
#include "apps/version.h"
#include "sim/base/error.h"
#include "sim/egl_renderer.h"
#include "sim/side_by_side_renderer.h"
#include "tasks/dataset/collection.h"
#include "tasks/dataset/collection_folder.h"
#include "tasks/evaluation/progress.h"
#include "tasks/evaluation/task_list.h"
#include "tasks/expert/expert_policy.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;

// the flags that make the same data set, as one would type them
std::string Command(const CollectFlags& o, RenderQuality quality) {
  std::string command = fmt::format(
      "./vega collect --suite {} --episodes {} --policy {} --image {} "
      "--render-quality {} --seed {} --hold {} --attempts {} --arm-noise {}",
      o.suite, o.episodes, o.policy, o.image, Name(quality), o.seed, o.hold, o.attempts,
      o.arm_noise);
  if (o.noise > 0) command += fmt::format(" --noise {}", o.noise);
  if (o.exchange > 0) command += fmt::format(" --exchange {}", o.exchange);
  if (o.scatter > 0) command += fmt::format(" --scatter {}", o.scatter);
  if (!o.takeover.empty()) command += " --takeover " + o.takeover;
  if (!o.takeover_after.empty()) command += " --takeover-after " + o.takeover_after;
  if (!o.tasks.empty()) command += " --tasks " + o.tasks;
  if (o.filter_noops) command += " --filter-noops";
  if (o.all_outcomes) command += " --all-outcomes";
  if (o.max_steps > 0) command += fmt::format(" --max-steps {}", o.max_steps);
  if (o.device != "cpu") command += " --device " + o.device;
  return command + " --out " + o.out;
}

// "MIN-MAX", or where it is empty what covers a demonstration of any task of the suite
TakeoverRange ParseTakeoverRange(const std::string& text, int horizon) {
  if (text.empty()) return {10, std::max(10, 3 * horizon / 5)};
  TakeoverRange range;
  const char* end = text.data() + text.size();
  const auto low = std::from_chars(text.data(), end, range.first);
  const bool dash = low.ec == std::errc() && low.ptr < end && *low.ptr == '-';
  const auto high = std::from_chars(dash ? low.ptr + 1 : end, end, range.last);
  if (dash && high.ec == std::errc() && high.ptr == end && range.first >= 1 &&
      range.last >= range.first) {
    return range;
  }
  throw Error(fmt::format("--takeover-after {} is no range of control steps", text),
              "e.g. 10-150: the least, at least 1, and the most that the policy may act");
}

// A line an episode, or on a terminal one line that changes.
class CollectProgress {
 public:
  CollectProgress(size_t total, size_t finished)
      : total_(total), finished_(finished), before_(finished) {}

  void Add(const CollectedEpisode& episode) {
    ++finished_;
    attempts_ += episode.attempts;
    solved_before_ += episode.solved_before;
    kept_ += episode.kept;
    rows_ += episode.kept ? episode.demo.steps() : 0;
    const std::string text = episode.kept ? fmt::format("{} steps", episode.demo.steps())
                                          : fmt::format("no demonstration in {} attempts: {}",
                                                        episode.attempts, episode.failure);
    const double left = Seconds() / static_cast<double>(finished_ - before_) *
                        static_cast<double>(total_ - finished_);
    const std::string line = fmt::format("[{}/{}] task {} episode {}: {}; {:.0f} steps/s, ETA {}",
                                         finished_, total_, episode.job.task, episode.job.episode,
                                         text, RowsPerSecond(), FormatDuration(left));
    const bool keep = !terminal_ || !episode.kept;
    fmt::print(stderr, "{}{}{}", terminal_ ? "\r\033[K" : "", line, keep ? "\n" : "");
    std::fflush(stderr);
  }

  void End() const {
    if (terminal_) fmt::print(stderr, "\n");
  }
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  double RowsPerSecond() const { return static_cast<double>(rows_) / Seconds(); }
  int64_t rows() const { return rows_; }
  int attempts() const { return attempts_; }
  int solved_before() const { return solved_before_; }
  int kept() const { return kept_; }

 private:
  size_t total_, finished_, before_;
  int64_t rows_ = 0;
  int attempts_ = 0, solved_before_ = 0, kept_ = 0;
  bool terminal_ = isatty(2);
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// One collection, from its flags to its exit code.
class CollectRun {
 public:
  CollectRun(CollectFlags flags, std::atomic<bool>& stop)
      : stop_(stop),
        flags_(std::move(flags)),
        suite_(LoadSuite(flags_.suite)),
        tasks_(ParseTaskList(flags_.tasks, suite_)),
        policy_(OpenAnyPolicy(flags_.policy, {flags_.device})) {
    if (flags_.keep_noops && flags_.filter_noops) {
      throw Error("--keep-noops and --filter-noops exclude each other", "leave out one of them");
    }
    if (!flags_.takeover.empty()) OpenLearner();
    if (flags_.noise > 0 &&
        ParseExpertName(flags_.policy).value_or(ExpertOptions{}).variation > 0) {
      throw Error(fmt::format("--noise and {} both disturb the actions, and only what --noise adds "
                              "is left out of the labels",
                              flags_.policy),
                  "give --noise with --policy expert");
    }
    quality_ = ChooseRenderQuality(looker().contract.render_quality, flags_.render_quality,
                                   "policy " + looker().name);
    FillOptions();
    for (const int task : tasks_) {
      for (int episode = 0; episode < flags_.episodes; ++episode) jobs_.push_back({task, episode});
    }
  }

  int Run() {
    ProbeRenderer();
    CollectionFolder folder = flags_.resume ? CollectionFolder::Resume(flags_.out, Manifest())
                                            : CollectionFolder::Create(flags_.out, Manifest());
    if (folder.complete()) {
      fmt::print("{} is complete\n", flags_.out);
      return 0;
    }
    Announce();
    if (!CollectMissing(folder)) {
      fmt::print(stderr, "vega collect: interrupted (continue with {} --resume)\n",
                 Command(flags_, quality_));
      return kInterrupted;
    }
    const auto failed = folder.Failed(jobs_);
    std::vector<std::string> names;
    for (const TaskEntry& task : suite_.tasks) names.push_back(task.name);
    for (const auto& file : folder.Finish(jobs_, names, options_.contract)) {
      fmt::print("{}: {:.1f} MB\n", file.string(),
                 static_cast<double>(std::filesystem::file_size(file)) / 1e6);
    }
    fmt::print("{} demonstrations of {} tasks\n", jobs_.size() - failed.size(), tasks_.size());
    if (failed.empty()) return 0;
    const auto& [job, why] = failed.front();
    fmt::print(stderr,
               "vega collect: {} of {} episodes gave no demonstration, the first: task {} "
               "episode {}, {}\n",
               failed.size(), jobs_.size(), job.task, job.episode, why);
    return 1;
  }

 private:
  bool draws() const { return flags_.image > 0; }
  // who may look at pictures
  const PolicySource& looker() const { return learner_ ? *learner_ : policy_; }
  bool looks() const { return !looker().contract.cameras.empty(); }

  void OpenLearner() {
    const auto refuse = [](bool refused, const char* flag, const char* why) {
      if (refused) throw Error(fmt::format("--takeover and {} exclude each other", flag), why);
    };
    refuse(flags_.noise > 0, "--noise",
           "the policy that acts first leaves the expert's way enough");
    refuse(flags_.all_outcomes, "--all-outcomes", "only what the expert finishes is kept");
    if (!policy_.contract.cameras.empty()) {
      throw Error(fmt::format("policy {} looks at pictures and cannot take over in the middle of "
                              "an episode",
                              policy_.name),
                  "take over with --policy expert");
    }
    learner_ = OpenAnyPolicy(flags_.takeover, {flags_.device});
    options_.takeover = ParseTakeoverRange(flags_.takeover_after, suite_.horizon);
  }

  void FillOptions() {
    DatasetContract& contract = options_.contract;
    if (draws()) {
      contract.cameras = {"agentview", "robot0_eye_in_hand"};
      contract.image_size = flags_.image;
      contract.render_quality = quality_;
    }
    contract.filters_noops = flags_.filter_noops;
    contract.successes_only = !flags_.all_outcomes;
    contract.hold_steps = flags_.hold;
    contract.collected_by = policy_.name;
    contract.action_noise = flags_.noise;
    if (learner_) contract.taken_over_from = learner_->name;
    const PolicyContract& wanted = looker().contract;
    options_.policy_cameras = wanted.cameras;
    options_.policy_image_size = wanted.image_size;
    if (looks() && draws() &&
        (wanted.cameras != contract.cameras || wanted.image_size != contract.image_size)) {
      throw Error(fmt::format("policy {} looks at {} px pictures of {}", looker().name,
                              wanted.image_size, fmt::join(wanted.cameras, ", ")),
                  "a data set of what it sees has the cameras agentview, robot0_eye_in_hand and "
                  "its size: --image; or none: --image 0");
    }
    options_.seed = flags_.seed;
    options_.workers = flags_.workers;
    options_.attempts = flags_.attempts;
    options_.compression = flags_.compression;
    options_.max_steps = flags_.max_steps;
    options_.arm_noise = flags_.arm_noise;
    options_.starts = {.exchange = flags_.exchange, .scatter = flags_.scatter};
  }

  // fails before anything is made when nothing can be drawn
  void ProbeRenderer() {
    if (draws() || looks()) {
      const EglRenderer renderer({.quality = quality_});
      renderer_ = renderer.name();
      software_ = renderer.software();
    }
    options_.contract.renderer = draws() ? renderer_ : "none";
  }

  void Announce() const {
    if (learner_) {
      fmt::print(stderr, "{} acts for {} to {} steps, then {} takes over\n", learner_->name,
                 options_.takeover.first, options_.takeover.last, policy_.name);
    }
    if (!draws()) {
      fmt::print(stderr, "no pictures: vega dataset pack draws them from the states\n");
    }
    if (renderer_.empty()) return;
    fmt::print(stderr, "renderer: {}{}, {} pictures\n", renderer_,
               software_ ? "  ** SOFTWARE: pictures are drawn by the CPU **" : "", Name(quality_));
  }

  Json Manifest() const {
    const std::string range = fmt::format("{}-{}", options_.takeover.first, options_.takeover.last);
    return {{"command", Command(flags_, quality_)},
            {"config",
             {{"suite", suite_.name},
              {"tasks", tasks_},
              {"episodes", flags_.episodes},
              {"policy", policy_.name},
              {"weights", policy_.weights},
              {"seed", flags_.seed},
              {"image", flags_.image},
              {"render_quality", Name(quality_)},
              {"noops", flags_.filter_noops ? "filtered" : "kept"},
              {"outcomes", flags_.all_outcomes ? "all" : "successes"},
              {"hold", flags_.hold},
              {"attempts", flags_.attempts},
              {"max_steps", flags_.max_steps},
              {"arm_noise", flags_.arm_noise},
              {"noise", flags_.noise},
              {"exchange", flags_.exchange},
              {"scatter", flags_.scatter},
              {"takeover", learner_ ? Json(learner_->name) : Json()},
              {"takeover_weights", learner_ ? Json(learner_->weights) : Json()},
              {"takeover_after", learner_ ? Json(range) : Json()}}},
            {"renderer", options_.contract.renderer},
            {"git_commit", GitCommit()}};
  }

  // false when it was interrupted
  bool CollectMissing(CollectionFolder& folder) {
    std::vector<CollectionJob> missing;
    for (const CollectionJob& job : jobs_) {
      if (!folder.Has(job)) missing.push_back(job);
    }
    if (missing.empty()) return true;
    CollectProgress progress(jobs_.size(), jobs_.size() - missing.size());
    CollectionSources sources;
    sources.load_task = [&](int task) { return LoadTask(suite_, task); };
    sources.describe_task = [&](int task) { return DescribeDemoTask(suite_, task); };
    sources.make_policy = policy_.make;
    if (learner_) sources.make_learner = learner_->make;
    sources.make_renderer = [&](int workers) -> std::unique_ptr<Renderer> {
      if (!draws() && !looks()) return nullptr;
      return MakeRenderer({.quality = quality_, .one_thread = true}, workers);
    };
    sources.done = [&](const DemoTask& task, const CollectedEpisode& episode) {
      folder.Add(task, episode, options_.contract, options_.compression);
      progress.Add(episode);
    };
    const bool whole = Collect(missing, options_, sources, stop_);
    progress.End();
    const auto cameras = static_cast<int64_t>(options_.contract.cameras.size());
    fmt::print(stderr,
               "{} steps ({} pictures) in {}: {:.1f} steps/s, {:.1f} pictures/s, {:.2f} "
               "attempts an episode\n",
               progress.rows(), cameras * progress.rows(), FormatDuration(progress.Seconds()),
               progress.RowsPerSecond(), static_cast<double>(cameras) * progress.RowsPerSecond(),
               static_cast<double>(progress.attempts()) / static_cast<double>(missing.size()));
    if (learner_) PrintShares(progress);
    return whole;
  }

  // of this run
  void PrintShares(const CollectProgress& progress) const {
    const int attempts = progress.attempts(), solved = progress.solved_before();
    const int taken_over = attempts - solved;
    const auto percent = [](int part, int whole) { return 100.0 * part / std::max(whole, 1); };
    fmt::print(stderr,
               "{} solved {} of {} attempts before the takeover ({:.0f} %); {} finished {} of the "
               "other {} ({:.0f} %)\n",
               learner_->name, solved, attempts, percent(solved, attempts), policy_.name,
               progress.kept(), taken_over, percent(progress.kept(), taken_over));
  }

  std::atomic<bool>& stop_;
  CollectFlags flags_;
  Suite suite_;
  std::vector<int> tasks_;
  PolicySource policy_;
  std::optional<PolicySource> learner_;  // who acts until policy_ takes over
  std::string renderer_;                 // empty: nothing is drawn
  RenderQuality quality_ = RenderQuality::kExact;
  bool software_ = false;  // the renderer
  CollectionOptions options_;
  std::vector<CollectionJob> jobs_;
};

}  // namespace

int RunCollect(const CollectFlags& flags, std::atomic<bool>& stop) {
  CollectRun run(flags, stop);
  return run.Run();
}

std::function<int()> AddCollect(CLI::App& mode) {
  auto o = std::make_shared<CollectFlags>();
  mode.add_option("--suite", o->suite, "suite name, see vega suites")->required();
  mode.add_option("--out", o->out,
                  "F.hdf5: all demonstrations in one file; a folder: one file a task, "
                  "TASK_demo.hdf5, as LIBERO has them")
      ->required();
  mode.add_option("--tasks", o->tasks,
                  "tasks as indices, ranges or names, e.g. 0,3-5; default all");
  mode.add_option("--episodes", o->episodes, "demonstrations a task")
      ->check(CLI::Range(1, 1000000));
  mode.add_option("--policy", o->policy, "who demonstrates; as for vega eval");
  mode.add_option("--device", o->device, "where networks run")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  mode.add_option("--image", o->image,
                  "picture size in pixels, both cameras; 0 = none: vega dataset pack draws them "
                  "later, where they are needed")
      ->check(CLI::Range(16, 2048) | CLI::IsMember({0}));
  AddRenderQuality(mode, o->render_quality, "exact");
  mode.add_option("--workers", o->workers, "threads; 0 = one a core; results do not depend on it")
      ->check(CLI::Range(0, 1024));
  mode.add_option("--seed", o->seed, "seed of starts and of the policy's chance");
  mode.add_flag("--keep-noops", o->keep_noops, "keep every step (the default)");
  mode.add_flag("--filter-noops", o->filter_noops,
                "leave out steps whose action is a no-op; the file says so and how to replay it");
  mode.add_flag("--all-outcomes", o->all_outcomes,
                "one attempt an episode, kept whatever comes of it; default: successes only");
  mode.add_option("--hold", o->hold, "control steps the goal must hold after the first success")
      ->check(CLI::Range(0, 100));
  mode.add_option("--attempts", o->attempts, "tries an episode has until it succeeds")
      ->check(CLI::Range(1, 1000));
  mode.add_option("--max-steps", o->max_steps,
                  "control steps (0.05 s) an attempt; 0 = the suite's horizon")
      ->check(CLI::Range(0, 1000000));
  mode.add_option("--compression", o->compression, "zlib level of pictures, 0 = none")
      ->check(CLI::Range(0, 9));
  mode.add_option("--arm-noise", o->arm_noise, "rad, spread of the arm's joints at the start")
      ->check(CLI::Range(0.0, 0.5));
  mode.add_option("--exchange", o->exchange,
                  "start with places exchanged so many times between two objects or two fixtures, "
                  "so that a policy has to look where they are; for instructions that do not say "
                  "where")
      ->check(CLI::Range(0, 100));
  mode.add_option("--scatter", o->scatter,
                  "start with each object's place moved by up to this many m in x and in y")
      ->check(CLI::Range(0.0, 1.0));
  mode.add_option("--noise", o->noise,
                  "disturb every action by this much, in action units, and keep what was meant as "
                  "expert_actions (DART); 0 = none")
      ->check(CLI::Range(0.0, 1.0));
  const auto takeover = mode.add_option(
      "--takeover", o->takeover,
      "this policy (a checkpoint or a name as for --policy) acts first, and --policy, the expert, "
      "takes over after a drawn number of steps (DAgger); see docs/DATASETS.md");
  mode.add_option("--takeover-after", o->takeover_after,
                  "MIN-MAX control steps of --takeover's policy; default 10 to 3/5 of the horizon")
      ->needs(takeover);
  mode.add_flag("--resume", o->resume, "continue the collection of --out");
  return [o] {
    // first, so that no thread of a policy is older than the blocked signals
    std::atomic<bool> stop = false;
    const Interrupt interrupt(stop);
    return RunCollect(*o, stop);
  };
}

}  // namespace vega
