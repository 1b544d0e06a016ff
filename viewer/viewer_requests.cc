// What panels, menus and keys ask of the window: tasks, policies, forks, runs, files.

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "sim/base/error.h"
#include "sim/egl_renderer.h"
#include "viewer/demonstrations.h"
#include "viewer/viewer.h"

namespace vega {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kVideoRate = 20;  // frames/s

}  // namespace

void Viewer::OpenTask(const std::string& suite, int task, int init) {
  const Session& now = *stage_->lanes[stage_->selected].session;
  Open(suite, task, policy_,
       {.init = init, .seed = now.seed(), .playing = now.playing(), .speed = now.speed()});
}

void Viewer::SetPolicy(const PolicyChoice& choice) {
  policy_ = choice;
  Lane& lane = stage_->lanes[stage_->selected];
  lane.session->SetPolicy(MakeSessionPolicy(choice));
}

void Viewer::Fork() {
  if (stage_->lanes.size() > 1) throw Error("there are two sides already", "close the fork first");
  Lane& first = stage_->lanes[0];
  const SnapshotPtr from = first.shown();
  if (from == nullptr) return;
  first.session->Pause();
  first.session->GoOnFrom(from->step);
  first.shown_step = first.shown_substep = -1;
  Lane second;
  second.session = std::make_unique<Session>(*first.session, from->step);
  second.view = std::make_unique<SceneView>(stage_->resources);
  second.view->SetPose(first.view->pose());
  second.view->options() = first.view->options();
  stage_->lanes.push_back(std::move(second));
  stage_->selected = 1;
}

void Viewer::CloseFork() {
  if (stage_->lanes.size() < 2) return;
  // the selected future stays
  std::swap(stage_->lanes[0], stage_->lanes[stage_->selected]);
  leaving_.push_back(std::move(stage_->lanes[1].session));
  stage_->lanes.resize(1);
  stage_->selected = 0;
}

void Viewer::WatchRun(const fs::path& folder) {
  run_.Open(folder);
  state_.run_path = folder.string();
}

void Viewer::OpenEpisode(int record) {
  if (record < 0 || record >= static_cast<int>(run_.records().size())) {
    throw Error(fmt::format("the run has no episode {}", record),
                fmt::format("it has {}", run_.records().size()));
  }
  const EpisodeRecord& episode = run_.records()[record];
  const nlohmann::json& config = run_.manifest()["config"];
  PolicyChoice policy = policy_;
  policy.name = config.value("policy", policy.name);
  Open(episode.suite, episode.task, policy,
       {.init = episode.init,
        .reset = episode.episode,
        .seed = static_cast<uint32_t>(episode.seed),
        .playing = !options_.paused});
}

void Viewer::OpenDataset(const fs::path& file, int episode) {
  if (opening_) return;
  // states are read here, so that a file that cannot be read is said at once
  RecordedEpisode recorded = ReadEpisode(file, episode);
  std::promise<std::shared_ptr<const Task>> task;
  task.set_value(recorded.task);
  opening_.emplace(Opening{.task = task.get_future(),
                           .policy = policy_,
                           .session = {.seed = options_.seed, .instruction = recorded.instruction},
                           .states = std::move(recorded.states),
                           .placement = std::move(recorded.placement)});
}

void Viewer::SaveDemonstration() {
  if (saving_.valid()) throw Error("a demonstration is being written", "wait until it is");
  const Session& session = *stage_->lanes[stage_->selected].session;
  std::vector<SnapshotPtr> history;
  for (int step = 0; const SnapshotPtr snapshot = session.at(step); ++step) {
    history.push_back(snapshot);
  }
  const fs::path file = NewFile(".hdf5");
  state_.notice = "writing " + file.string();
  saving_ = std::async(std::launch::async,
                       [file, history = std::move(history), task = session.shared_task(),
                        policy = session.policy_name(), quality = options_.quality] {
                         EglRenderer renderer({.quality = quality.value_or(RenderQuality::kExact)});
                         WriteEpisode(*task, history, policy, renderer, file);
                         return file;
                       });
}

void Viewer::FinishSaving(bool wait) {
  if (!saving_.valid()) return;
  if (!wait && saving_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  state_.notice.clear();
  state_.notice = "wrote " + saving_.get().string();
}

fs::path Viewer::NewFile(const std::string& extension) const {
  const std::string stem = fmt::format("vega-{:%Y%m%d-%H%M%S}", fmt::localtime(std::time(nullptr)));
  for (int i = 0;; ++i) {
    const std::string name = i == 0 ? stem + extension : fmt::format("{}-{}{}", stem, i, extension);
    if (!fs::exists(options_.recordings / name)) return options_.recordings / name;
  }
}

void Viewer::SaveScreenshot() { want_screenshot_ = true; }

void Viewer::ToggleVideo() {
  if (video_) {
    video_->Finish();
    video_.reset();
    state_.notice = "wrote " + video_file_.string();
    return;
  }
  video_file_ = NewFile(".mp4");
  video_.emplace(video_file_, window_.framebuffer_width(), window_.framebuffer_height(),
                 VideoOptions{.frames_per_second = kVideoRate});
  video_due_ = Clock::now();
  state_.notice = "recording " + video_file_.string();
}

// a window that changes its size ends the video
void Viewer::KeepVideo(const Image& frame) {
  try {
    // as many frames as time asks for, so that the video runs as fast as what was seen
    for (; video_due_ <= Clock::now(); video_due_ += std::chrono::milliseconds(1000 / kVideoRate)) {
      video_->Add({&frame, 1});
    }
  } catch (const Error&) {
    video_.reset();
    throw;
  }
}

void Viewer::Quit() { window_.Close(); }

}  // namespace vega
