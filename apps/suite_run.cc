#include "apps/suite_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <mujoco/mujoco.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <set>
#include <utility>

#include "apps/version.h"
#include "policies/torch_module.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/egl_renderer.h"
#include "sim/side_by_side_renderer.h"
#include "tasks/evaluation/live_pictures.h"
#include "tasks/evaluation/progress.h"
#include "tasks/evaluation/report.h"
#include "tasks/evaluation/results.h"
#include "tasks/evaluation/run_videos.h"
#include "tasks/evaluation/task_list.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr int kVideoSize = 256;  // pixels, when neither --render nor the policy says

fs::path OutFolder(const SuiteRunOptions& options) {
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

void Write(const fs::path& path, const std::string& text) {
  AtomicFile file(path);
  file.Write(text);
  file.Commit();
}

}  // namespace

std::string Command(const SuiteRunOptions& o) {
  std::string command = fmt::format("./vega eval --suite {} --policy {} --episodes {} --seed {}",
                                    o.suite, o.policy, o.episodes, o.seed);
  if (!o.tasks.empty()) command += " --tasks " + o.tasks;
  if (o.max_steps > 0) command += fmt::format(" --max-steps {}", o.max_steps);
  if (o.hold_steps > 0) command += fmt::format(" --hold {}", o.hold_steps);
  if (o.shift.any()) command += " --shift " + ToText(o.shift);
  if (!o.told.empty()) command += " --told " + o.told;
  if (o.save_actions) command += " --save-actions";
  if (o.workers > 0) command += fmt::format(" --workers {}", o.workers);
  if (o.device != "cpu") command += " --device " + o.device;
  if (o.stream) command += fmt::format(" --stream {}", *o.stream);
  if (o.open_loop > 0) command += fmt::format(" --open-loop {}", o.open_loop);
  if (o.exact) command += " --exact";
  if (o.video) command += " --video";
  if (o.render > 0) command += fmt::format(" --render {}", o.render);
  if (o.render_quality) command += fmt::format(" --render-quality {}", Name(*o.render_quality));
  return command;
}

std::vector<EpisodeJob> EpisodeJobs(const Suite& suite, const std::vector<int>& tasks,
                                    int episodes) {
  std::vector<EpisodeJob> jobs;
  for (const int task : tasks) {
    const TaskEntry& entry = suite.tasks[task];
    for (int episode = 0; episode < episodes; ++episode) {
      jobs.push_back({{suite.name, task, entry.name, entry.instruction, suite.horizon}, episode});
    }
  }
  return jobs;
}

EvaluationSources SourcesOf(const Suite& suite, const PolicySource& policy,
                            std::optional<RenderQuality> quality) {
  const RenderQuality drawn =
      quality.value_or(policy.contract.render_quality.value_or(RenderQuality::kExact));
  EvaluationSources sources;
  sources.load_task = [kept = std::make_shared<const Suite>(suite)](int task) {
    return LoadTask(*kept, task);
  };
  sources.make_policy = policy.make;
  sources.make_renderer = [drawn](int workers) {
    return MakeRenderer({.quality = drawn, .one_thread = true}, workers);
  };
  return sources;
}

SuiteRun::SuiteRun(SuiteRunOptions options, PolicySource policy, std::atomic<bool>& stop)
    : options_(std::move(options)),
      policy_(std::move(policy)),
      stop_(stop),
      suite_(LoadSuite(options_.suite)),
      tasks_(ParseTaskList(options_.tasks, suite_)) {
  ChooseCameras();
  ChooseToldTasks();
}

SuiteRunEnd SuiteRun::Run() {
  ProbeRenderer();
  RunFolder folder = OpenFolder();
  Announce(folder);
  EvaluationEnd end;
  try {
    end = RunJobs(MissingJobs(folder), folder);
  } catch (const std::exception&) {
    SummarizeWhatIsDone(folder);
    throw;
  }
  return {folder.path(), WriteSummary(folder), end.whole, end.given_up};
}

void SuiteRun::ChooseCameras() {
  const PolicyContract& contract = policy_.contract;
  cameras_ = contract.cameras;
  image_size_ = contract.image_size;
  if (!contract.cameras.empty() && options_.render > 0 && options_.render != image_size_) {
    throw Error(
        fmt::format("policy {} looks at {} px, not {}", policy_.name, image_size_, options_.render),
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

void SuiteRun::ChooseToldTasks() {
  if (options_.told.empty()) return;
  const auto count = static_cast<int>(suite_.tasks.size());
  for (const int task : tasks_) {
    const int told = options_.told == "next" ? (task + 1) % count : FindTask(suite_, options_.told);
    if (told != task) told_.emplace(task, LoadToldTask(suite_.tasks[told]));
  }
}

// fails before the run folder is made when nothing can be drawn
void SuiteRun::ProbeRenderer() {
  if (cameras_.empty()) return;
  const EglRenderer renderer;
  renderer_ = renderer.name();
  software_ = renderer.software();
}

// before hours are spent on the wrong renderer; an untrained policy has said so when it was
// opened
void SuiteRun::Announce(const RunFolder& folder) const {
  const Json versions = folder.manifest().value("versions", Json());
  if (versions != Versions()) {
    fmt::print(stderr, "note: this run was started by {}, and goes on with {}\n", versions.dump(),
               Versions().dump());
  }
  if (cameras_.empty()) return;
  fmt::print(stderr, "renderer: {}{}\n", renderer_,
             software_ ? "  ** SOFTWARE: pictures are drawn by the CPU, slowly **" : "");
}

RunFolder SuiteRun::OpenFolder() const {
  const fs::path out = OutFolder(options_);
  return options_.resume ? RunFolder::Resume(out, Manifest()) : RunFolder::Create(out, Manifest());
}

Json SuiteRun::Versions() const {
  Json versions = {{"vega", GitCommit()}, {"mujoco", mj_versionString()}};
  if (policy_.weights != "none") versions["torch"] = OpenTorchModule().torch_version;
  return versions;
}

Json SuiteRun::Manifest() const {
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
                         .stream = options_.stream,
                         .open_loop = options_.open_loop,
                         .shift = options_.shift,
                         .told = options_.told};
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

std::vector<EpisodeJob> SuiteRun::MissingJobs(const RunFolder& folder) const {
  std::set<std::pair<int, int>> done;
  for (const EpisodeRecord& record : folder.records()) done.emplace(record.task, record.episode);
  std::vector<EpisodeJob> jobs = EpisodeJobs(suite_, tasks_, options_.episodes);
  std::erase_if(jobs, [&](const EpisodeJob& job) {
    return done.contains({job.task.index, job.episode});
  });
  return jobs;
}

EvaluationEnd SuiteRun::RunJobs(const std::vector<EpisodeJob>& jobs, RunFolder& folder) {
  const int finished = static_cast<int>(folder.records().size());
  Progress progress(finished + static_cast<int>(jobs.size()), finished, stderr, isatty(2));
  std::optional<RunVideos> videos;
  if (options_.video) videos.emplace(folder.path() / "videos", stop_);
  EvaluationSources sources = SourcesOf(suite_, policy_, quality_);
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
                                     .shift = options_.shift,
                                     .told = told_,
                                     .cameras = cameras_,
                                     .image_size = image_size_,
                                     .patience = options_.patience};
  EvaluationEnd end;
  if (!jobs.empty()) end = Evaluate(jobs, evaluation, sources, stop_);
  progress.End();
  if (videos) videos->Check();
  return end;
}

// after a failure, which may keep these files from being written too
void SuiteRun::SummarizeWhatIsDone(const RunFolder& folder) const {
  try {
    WriteSummary(folder);
  } catch (const Error&) {
    // the first failure is the one to tell
  }
}

Summary SuiteRun::WriteSummary(const RunFolder& folder) const {
  const Summary summary = Summarize(suite_.name, folder.records());
  Write(folder.path() / "summary.json", ToJson(summary).dump(2) + "\n");
  Write(folder.path() / "report.html", ReportHtml(folder.manifest(), summary, folder.records(),
                                                  VideoFiles(folder.path() / "videos")));
  return summary;
}

}  // namespace vega
