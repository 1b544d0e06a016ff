// vega eval: runs a policy on a suite by the published protocol and leaves a run folder.

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <mujoco/mujoco.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "apps/interrupt.h"
#include "apps/modes.h"
#include "apps/policies.h"
#include "apps/render_flag.h"
#include "apps/version.h"
#include "policies/torch_module.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/egl_renderer.h"
#include "tasks/evaluation/evaluation.h"
#include "tasks/evaluation/live_pictures.h"
#include "tasks/evaluation/progress.h"
#include "tasks/evaluation/report.h"
#include "tasks/evaluation/results.h"
#include "tasks/evaluation/run_videos.h"
#include "tasks/evaluation/summary.h"
#include "tasks/evaluation/task_list.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr int kVideoSize = 256;  // pixels, when neither --render nor the policy says
constexpr int kInterrupted = 130;

struct EvalOptions {
  std::string suite;
  std::string tasks;  // empty: all
  int episodes = 50;
  std::string policy;
  int workers = 0;
  std::string out;  // empty: runs/TIME-SUITE-POLICY
  bool resume = false;
  bool video = false;
  int render = 0;
  std::optional<RenderQuality> render_quality;  // unset: what the policy learnt from, else exact
  std::string device = "cpu";
  std::optional<double> stream;
  double patience = 600;  // s
  uint32_t seed = 0;
  int max_steps = 0;
  int hold_steps = 0;
  bool save_actions = false;
  bool exact = false;
};

// the flags that make the same run, as one would type them
std::string Command(const EvalOptions& o) {
  std::string command = fmt::format("./vega eval --suite {} --policy {} --episodes {} --seed {}",
                                    o.suite, o.policy, o.episodes, o.seed);
  if (!o.tasks.empty()) command += " --tasks " + o.tasks;
  if (o.max_steps > 0) command += fmt::format(" --max-steps {}", o.max_steps);
  if (o.hold_steps > 0) command += fmt::format(" --hold {}", o.hold_steps);
  if (o.save_actions) command += " --save-actions";
  if (o.workers > 0) command += fmt::format(" --workers {}", o.workers);
  if (o.device != "cpu") command += " --device " + o.device;
  if (o.stream) command += fmt::format(" --stream {}", *o.stream);
  if (o.exact) command += " --exact";
  if (o.video) command += " --video";
  if (o.render > 0) command += fmt::format(" --render {}", o.render);
  if (o.render_quality) command += fmt::format(" --render-quality {}", Name(*o.render_quality));
  return command;
}

fs::path OutFolder(const EvalOptions& options) {
  if (!options.out.empty()) return options.out;
  if (options.resume) throw Error("--resume needs --out", "name the folder of the run to continue");
  std::string policy = fs::path(options.policy).filename().string();
  std::replace(policy.begin(), policy.end(), ':', '-');
  return fs::path("runs") / fmt::format("{:%Y%m%d-%H%M%S}-{}-{}",
                                        fmt::localtime(std::time(nullptr)), options.suite, policy);
}

fs::path ActionsFile(const fs::path& folder, const EpisodeRecord& record) {
  return folder / "actions" /
         fmt::format("task{:02}_episode{:03}.safetensors", record.task, record.episode);
}

// One run, from its flags to its exit code.
class EvalRun {
 public:
  explicit EvalRun(EvalOptions options)
      : options_(std::move(options)),
        suite_(LoadSuite(options_.suite)),
        tasks_(ParseTaskList(options_.tasks, suite_)),
        policy_(OpenAnyPolicy(options_.policy,
                              {.device = options_.device, .stream = options_.stream})) {
    ChooseCameras();
  }

  int Run() {
    ProbeRenderer();
    RunFolder folder = OpenFolder();
    Announce(folder);
    const std::vector<EpisodeJob> jobs = MissingJobs(folder);
    bool whole = true;
    try {
      whole = RunJobs(jobs, folder);
    } catch (const std::exception&) {
      SummarizeWhatIsDone(folder);
      throw;
    }
    const Summary summary = WriteSummary(folder);
    fmt::print("{}", Table(summary));
    fmt::print("report: {}\n", (folder.path() / "report.html").string());
    if (!whole) {
      fmt::print(stderr, "vega eval: interrupted (continue with {} --out {} --resume)\n",
                 Command(options_), folder.path().string());
      return kInterrupted;
    }
    if (summary.total.errors > 0) {
      fmt::print(stderr, "vega eval: {} of {} episodes ended in an error (see {})\n",
                 summary.total.errors, summary.total.n,
                 (folder.path() / "episodes.jsonl").string());
      return 1;
    }
    return 0;
  }

  // workers left behind
  int given_up() const { return given_up_; }

 private:
  void ChooseCameras() {
    const PolicyContract& contract = policy_.contract;
    cameras_ = contract.cameras;
    image_size_ = contract.image_size;
    if (!contract.cameras.empty() && options_.render > 0 && options_.render != image_size_) {
      throw Error(fmt::format("policy {} looks at {} px, not {}", policy_.name, image_size_,
                              options_.render),
                  "leave out --render");
    }
    quality_ = ChooseRenderQuality(contract.render_quality, options_.render_quality,
                                   "policy " + policy_.name);
    if (!options_.video) return;
    for (const char* camera : {"agentview", "robot0_eye_in_hand"}) {
      if (std::find(cameras_.begin(), cameras_.end(), camera) == cameras_.end()) {
        cameras_.push_back(camera);
      }
    }
    if (image_size_ == 0) image_size_ = options_.render > 0 ? options_.render : kVideoSize;
  }

  // fails before the run folder is made when nothing can be drawn
  void ProbeRenderer() {
    if (cameras_.empty()) return;
    const EglRenderer renderer;
    renderer_ = renderer.name();
    software_ = renderer.software();
  }

  // before hours are spent on the wrong renderer; an untrained policy has said so when it was
  // opened
  void Announce(const RunFolder& folder) const {
    const Json versions = folder.manifest().value("versions", Json());
    if (versions != Versions()) {
      fmt::print(stderr, "note: this run was started by {}, and goes on with {}\n", versions.dump(),
                 Versions().dump());
    }
    if (cameras_.empty()) return;
    fmt::print(stderr, "renderer: {}{}\n", renderer_,
               software_ ? "  ** SOFTWARE: pictures are drawn by the CPU, slowly **" : "");
  }

  RunFolder OpenFolder() const {
    const fs::path out = OutFolder(options_);
    return options_.resume ? RunFolder::Resume(out, Manifest())
                           : RunFolder::Create(out, Manifest());
  }

  Json Versions() const {
    Json versions = {{"vega", GitCommit()}, {"mujoco", mj_versionString()}};
    if (policy_.weights != "none") versions["torch"] = OpenTorchModule().torch_version;
    return versions;
  }

  Json Manifest() const {
    const RunConfig config{.suite = suite_.name,
                           .tasks = tasks_,
                           .episodes = options_.episodes,
                           .policy = policy_.name,
                           .seed = options_.seed,
                           .max_steps = options_.max_steps,
                           .hold_steps = options_.hold_steps,
                           .exact = options_.exact,
                           .render_quality = quality_,
                           .device = options_.device,
                           .stream = options_.stream};
    return {{"command", Command(options_)},
            {"started", fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::time(nullptr)))},
            {"config", ToJson(config)},
            {"policy",
             {{"name", policy_.name},
              {"weights", policy_.weights},
              {"contract", ToJson(policy_.contract)}}},
            {"seeds", {{"reset", options_.seed}, {"policy", options_.seed}}},
            {"horizon", options_.max_steps > 0 ? options_.max_steps : suite_.horizon},
            {"workers", options_.workers},
            {"video", options_.video},
            {"cameras", cameras_},
            {"image_size", image_size_},
            {"renderer", renderer_.empty() ? Json() : Json(renderer_)},
            {"versions", Versions()},
            {"git_commit", GitCommit()}};
  }

  std::vector<EpisodeJob> MissingJobs(const RunFolder& folder) const {
    std::set<std::pair<int, int>> done;
    for (const EpisodeRecord& record : folder.records()) done.emplace(record.task, record.episode);
    std::vector<EpisodeJob> jobs;
    for (const int task : tasks_) {
      const TaskEntry& entry = suite_.tasks[task];
      for (int episode = 0; episode < options_.episodes; ++episode) {
        if (done.contains({task, episode})) continue;
        jobs.push_back(
            {{suite_.name, task, entry.name, entry.instruction, suite_.horizon}, episode});
      }
    }
    return jobs;
  }

  bool RunJobs(const std::vector<EpisodeJob>& jobs, RunFolder& folder) {
    const int finished = static_cast<int>(folder.records().size());
    Progress progress(finished + static_cast<int>(jobs.size()), finished, stderr, isatty(2));
    std::optional<RunVideos> videos;
    if (options_.video) videos.emplace(folder.path() / "videos", stop_);
    EvaluationSources sources;
    sources.load_task = [&](int task) { return LoadTask(suite_, task); };
    sources.make_policy = policy_.make;
    sources.make_renderer = [this] {
      return std::make_unique<EglRenderer>(EglRendererOptions{.quality = quality_});
    };
    sources.done = [&](const EpisodeRecord& record) {
      if (videos) videos->Finish(record);
      folder.Append(record);
      progress.Add(record);
    };
    // a worker that is given up may still call it
    const auto live = std::make_shared<LivePictures>(folder.path());
    sources.step = [live](int worker, const EpisodeJob& job, int step, const Environment& e) {
      live->Offer(worker, job, step, e);
    };
    if (videos) sources.watch = [&](const EpisodeJob& job) { return videos->Watch(job); };
    if (options_.save_actions) {
      fs::create_directories(folder.path() / "actions");
      sources.played = [&](const EpisodeRecord& record, const std::vector<Action>& actions) {
        SaveActions(record, actions, ActionsFile(folder.path(), record));
      };
    }
    const EvaluationOptions evaluation{.workers = options_.workers,
                                       .seed = options_.seed,
                                       .exact = options_.exact,
                                       .max_steps = options_.max_steps,
                                       .hold_steps = options_.hold_steps,
                                       .cameras = cameras_,
                                       .image_size = image_size_,
                                       .patience = options_.patience};
    EvaluationEnd end;
    if (!jobs.empty()) end = Evaluate(jobs, evaluation, sources, stop_);
    given_up_ = end.given_up;
    progress.End();
    if (videos) videos->Check();
    return end.whole;
  }

  static void Write(const fs::path& path, const std::string& text) {
    AtomicFile file(path);
    file.Write(text);
    file.Commit();
  }

  // after a failure, which may keep these files from being written too
  void SummarizeWhatIsDone(const RunFolder& folder) const {
    try {
      WriteSummary(folder);
    } catch (const Error&) {
      // the first failure is the one to tell
    }
  }

  Summary WriteSummary(const RunFolder& folder) const {
    const Summary summary = Summarize(suite_.name, folder.records());
    Write(folder.path() / "summary.json", ToJson(summary).dump(2) + "\n");
    Write(folder.path() / "report.html", ReportHtml(folder.manifest(), summary, folder.records(),
                                                    VideoFiles(folder.path() / "videos")));
    return summary;
  }

  // first, so that no thread of a policy is older than the blocked signals
  std::atomic<bool> stop_ = false;
  Interrupt interrupt_{stop_};
  EvalOptions options_;
  Suite suite_;
  std::vector<int> tasks_;
  PolicySource policy_;
  std::vector<std::string> cameras_;  // the policy's first
  int image_size_ = 0;                // pixels
  RenderQuality quality_ = RenderQuality::kExact;
  std::string renderer_;   // empty: nothing is drawn
  bool software_ = false;  // the renderer
  int given_up_ = 0;       // workers left behind
};

}  // namespace

std::function<int()> AddEval(CLI::App& mode) {
  auto o = std::make_shared<EvalOptions>();
  std::string policies;
  for (const PolicyName& policy : AnyPolicyNames()) {
    policies += fmt::format("\n{} = {}", policy.name, policy.description);
  }
  mode.add_option("--suite", o->suite, "suite name, see vega suites")->required();
  mode.add_option("--tasks", o->tasks,
                  "tasks as indices, ranges or names, e.g. 0,3-5; default all");
  mode.add_option("--episodes", o->episodes, "episodes a task")->check(CLI::Range(1, 1000000));
  mode.add_option("--policy", o->policy, "who chooses the actions:" + policies)->required();
  mode.add_option("--workers", o->workers, "threads; 0 = one a core; results do not depend on it")
      ->check(CLI::Range(0, 1024));
  mode.add_option("--out", o->out, "new or empty run folder; default runs/TIME-SUITE-POLICY");
  mode.add_flag("--resume", o->resume, "continue the run in --out");
  mode.add_flag("--video", o->video, "write videos/*.mp4, 20 frames/s, cameras side by side");
  mode.add_option("--render", o->render, "video size in pixels; 0 = the policy's own, else 256")
      ->check(CLI::Range(0, 4096));
  AddRenderQuality(mode, o->render_quality, "what the policy learnt from, else exact");
  mode.add_option("--patience", o->patience,
                  "seconds a worker may take over one step before its episode is an error and a "
                  "fresh worker goes on; 0 = for ever")
      ->check(CLI::NonNegativeNumber);
  mode.add_option("--device", o->device, "where networks run")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  mode.add_option("--stream", o->stream,
                  "encode only what is new in a policy's clips: 0 changes no answer; with X frames "
                  "take over the latents of like ones, no 8x8 pixels differing by more than X "
                  "(pixels from -1 to 1)")
      ->check(CLI::NonNegativeNumber);
  mode.add_option("--seed", o->seed, "seed of resets and of the policy's chance");
  mode.add_option("--max-steps", o->max_steps,
                  "control steps (0.05 s) an episode; 0 = the suite's horizon")
      ->check(CLI::Range(0, 1000000));
  mode.add_option("--hold", o->hold_steps,
                  "after a success play on until the goal has held for this many steps without the "
                  "robot touching anything, and count it; 0 = stop at the success")
      ->check(CLI::Range(0, 1000));
  mode.add_flag("--save-actions", o->save_actions,
                "write actions/*.safetensors, no-ops included, for vega replay");
  mode.add_flag("--exact", o->exact, "repeat robosuite's double forward pass in each sub-step");
  return [o] {
    EvalRun run(*o);
    const int code = run.Run();
    if (run.given_up() > 0) {
      // destructors would wait for the threads that hang
      std::fflush(nullptr);
      std::_Exit(code);
    }
    return code;
  };
}

}  // namespace vega
