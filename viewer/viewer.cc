// The loop: opening a task, a frame, the script's hand.

#include "viewer/viewer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "sim/base/error.h"
#include "sim/png.h"
#include "sim/side_by_side_renderer.h"
#include "viewer/commands.h"
#include "viewer/script.h"

namespace vega {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPatience{800};  // with a policy at work when all is to end

}  // namespace

Viewer::Viewer(ViewerOptions options, ViewerSources sources)
    : options_(std::move(options)),
      sources_(std::move(sources)),
      window_({.width = options_.width, .height = options_.height}),
      settings_(LoadSettings(options_.settings)),
      policy_(options_.policy),
      catalog_{sources_.instructions, sources_.policies} {
  if (!options_.script.empty()) script_ = std::make_unique<Script>(options_.script);
  if (!options_.run.empty()) WatchRun(options_.run);
  if (!options_.dataset.empty()) {
    OpenDataset(options_.dataset, std::max(0, options_.episode));
  } else if (!options_.run.empty() && options_.episode >= 0) {
    OpenEpisode(options_.episode);
  } else {
    Open(options_.suite, options_.task, policy_,
         {.init = options_.init,
          .seed = options_.seed,
          .playing = !options_.paused,
          .speed = options_.speed});
  }
  FinishOpening(/*wait=*/true);
}

Viewer::~Viewer() {
  SaveSettings(settings_, options_.settings);
  LeaveStage();
  const auto begun = Clock::now();
  const auto deadline = begun + kPatience;
  for (const auto& session : leaving_) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (session->Stop(std::max(left, std::chrono::milliseconds(0)))) continue;
    // a policy deep in thought cannot be interrupted, and nobody is waiting for its answer
    const std::chrono::duration<double> waited = Clock::now() - begun;
    fmt::print(stderr,
               "vega view: closed while policy {} was at work; its answer is dropped after {:.1f} "
               "s\n",
               session->policy_name(), waited.count());
    std::fflush(nullptr);
    std::_Exit(0);
  }
}

void Viewer::LeaveStage() {
  if (stage_ != nullptr) {
    for (Lane& lane : stage_->lanes) leaving_.push_back(std::move(lane.session));
    stage_.reset();
  }
  std::erase_if(leaving_,
                [](const auto& session) { return session->Stop(std::chrono::milliseconds(0)); });
}

SessionPolicy Viewer::MakeSessionPolicy(const PolicyChoice& choice) const {
  return {choice.name, [open = sources_.open_policy, choice] {
            return open(choice.name, choice.options).make();
          }};
}

void Viewer::Open(const std::string& suite, int task, PolicyChoice policy, SessionOptions session,
                  std::vector<std::vector<double>> states) {
  if (opening_) return;  // one after the other
  opening_.emplace(Opening{std::async(std::launch::async, sources_.load_task, suite, task),
                           std::move(policy), std::move(session), std::move(states)});
}

void Viewer::FinishOpening(bool wait) {
  if (!opening_) return;
  if (!wait && opening_->task.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
    return;
  Opening opening = std::move(*opening_);
  opening_.reset();
  std::shared_ptr<const Task> task = opening.task.get();
  const auto renderer = [asked = options_.quality](const PolicyContract& contract) {
    const RenderQuality quality = ChooseRenderQuality(contract.render_quality, asked, "the policy");
    return MakeRenderer({.quality = quality}, 1);
  };
  auto stage = std::make_unique<Stage>();
  Lane lane;
  const SessionPolicy policy = MakeSessionPolicy(opening.policy);
  lane.session = opening.states.empty()
                     ? std::make_unique<Session>(task, policy, renderer, opening.session)
                     : std::make_unique<Session>(task, policy, renderer, opening.session,
                                                 opening.states, opening.placement);
  if (!opening.states.empty()) lane.shown_step = 0;
  LeaveStage();  // one GL context: the old picture goes before the new one comes
  stage->resources = std::make_shared<SceneResources>(task->model());
  lane.view = std::make_unique<SceneView>(stage->resources);
  stage->lanes.push_back(std::move(lane));
  stage_ = std::move(stage);
  policy_ = opening.policy;
  state_.teleop = false;
  state_.selected_body = -1;
}

void Viewer::DoLater() {
  for (const auto& request : std::exchange(later_, {})) {
    try {
      state_.error.clear();
      request(*this);
    } catch (const std::exception& error) {
      state_.error = error.what();
    }
  }
}

void Viewer::TakeDrops() {
  for (const std::string& path : window_.TakeDrops()) {
    later_.push_back([path](Viewer& viewer) {
      if (fs::is_directory(path)) {
        viewer.WatchRun(path);
      } else {
        viewer.OpenDataset(path, 0);
      }
    });
  }
}

void Viewer::DrawFrame() {
  window_.SetStyle(settings_.dark, settings_.scale);
  ui_.NewFrame();
  stage_->selected = std::min(stage_->selected, stage_->lanes.size() - 1);
  bool all_there = true;
  for (Lane& lane : stage_->lanes) {
    const SnapshotPtr shown = lane.shown();
    if (shown == nullptr) {
      all_there = false;
      continue;
    }
    const bool held = lane.view->push().active != 0 && !lane.session->playing();
    if (!held) lane.view->Show(shown, lane.shown_substep);
  }
  Lane& lane = stage_->lanes[stage_->selected];
  const SnapshotPtr shown = lane.shown();
  if (!all_there || shown == nullptr) {
    ImGui::SetNextWindowPos({20, 20});
    ImGui::Begin("##loading", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_AlwaysAutoResize);
    const std::string error = lane.session->error();
    ImGui::TextUnformatted(error.empty() ? "starting the episode ..." : error.c_str());
    ImGui::End();
    return;
  }
  PanelContext context{ui_,       *stage_,
                       lane,      shown,
                       settings_, state_,
                       policy_,   run_,
                       catalog_,  [this](auto request) {
                         later_.push_back(std::move(request)); }};
  if (state_.teleop) state_.hands->Set(ReadHands(state_.gripper_closed));
  HandleKeys(context);
  BuildPanels(context);
  HandleMouse(context);
  DrawScenes();
}

void Viewer::Run() {
  for (int frame = 1;; ++frame) {
    const auto begun = Clock::now();
    const auto hand = [&] {
      if (script_ == nullptr) return;
      const Lane& lane = stage_->lanes[stage_->selected];
      const SnapshotPtr latest = lane.session->latest();
      ScriptStatus status{.frame = frame,
                          .busy = opening_ || saving_.valid() || lane.session->busy()};
      if (latest != nullptr) {
        status.step = latest->step;
        status.over = latest->over;
        status.success = latest->success;
        status.sim_ms = latest->rollout.result.ms.sim;
      }
      script_->Act(ui_, status);
    };
    if (!window_.BeginFrame(hand)) break;
    DrawFrame();
    std::optional<fs::path> picture_file;
    if (script_ != nullptr) picture_file = script_->TakeScreenshot();
    const bool last = !options_.screenshot.empty() && frame >= options_.frames;
    if (last) picture_file = options_.screenshot;
    if (std::exchange(want_screenshot_, false)) {
      picture_file = NewFile(".png");
      state_.notice = "wrote " + picture_file->string();
    }
    Image picture;
    const bool keep = picture_file.has_value() || video_.has_value();
    window_.EndFrame(keep ? &picture : nullptr);
    if (mjr_getError() != 0) ++gl_errors_;
    if (picture_file) WritePng(*picture_file, picture);
    if (video_) {
      later_.push_back([picture](Viewer& viewer) {
        if (viewer.video_) viewer.KeepVideo(picture);
      });
    }
    TakeDrops();
    DoLater();
    try {
      FinishOpening(/*wait=*/false);
      FinishSaving(/*wait=*/false);
    } catch (const std::exception& error) {
      state_.error = error.what();
    }
    if (sources_.after_frame) sources_.after_frame(*this);
    if (last || (script_ != nullptr && script_->done())) break;
    if (options_.frames_per_second > 0) {
      std::this_thread::sleep_until(
          begun + std::chrono::microseconds(1000000 / options_.frames_per_second));
    }
  }
  FinishSaving(/*wait=*/true);
  if (video_) ToggleVideo();
}

void RunViewer(const ViewerOptions& options, const ViewerSources& sources) {
  Viewer viewer(options, sources);
  viewer.Run();
}

}  // namespace vega
