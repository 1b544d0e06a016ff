// The loop, the layout, the mouse in the scene, and what panels ask for.

#include "viewer/viewer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <thread>

#include "sim/base/error.h"
#include "sim/egl_renderer.h"
#include "sim/png.h"
#include "viewer/commands.h"
#include "viewer/demonstrations.h"
#include "viewer/panels/panels.h"
#include "viewer/script.h"

namespace vega {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kVideoRate = 20;                       // frames/s
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
         {.init = options_.init, .seed = options_.seed, .playing = !options_.paused});
  }
  FinishOpening(/*wait=*/true);
}

Viewer::~Viewer() {
  SaveSettings(settings_, options_.settings);
  if (stage_ == nullptr) return;
  // a policy deep in thought cannot be interrupted, and nobody is waiting for its answer
  for (Lane& lane : stage_->lanes) {
    if (!lane.session->Stop(kPatience)) std::_Exit(0);
  }
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
    return std::make_unique<EglRenderer>(EglRendererOptions{.quality = quality});
  };
  auto stage = std::make_unique<Stage>();
  Lane lane;
  const SessionPolicy policy = MakeSessionPolicy(opening.policy);
  lane.session =
      opening.states.empty()
          ? std::make_unique<Session>(task, policy, renderer, opening.session)
          : std::make_unique<Session>(task, policy, renderer, opening.session, opening.states);
  if (!opening.states.empty()) lane.shown_step = 0;
  stage_.reset();  // one GL context: the old picture goes before the new one comes
  stage->resources = std::make_shared<SceneResources>(task->model());
  lane.view = std::make_unique<SceneView>(stage->resources);
  stage->lanes.push_back(std::move(lane));
  stage_ = std::move(stage);
  policy_ = opening.policy;
  state_.teleop = false;
  state_.selected_body = -1;
}

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

// invisible handles between the panels
void Viewer::Splitters(const Rect& area) {
  const float width = 6;
  const auto handle = [&](const char* id, ImVec2 at, ImVec2 size, ImGuiMouseCursor cursor) {
    ImGui::SetNextWindowPos(at);
    ImGui::SetNextWindowSize(size);
    // windows are 32 x 32 at least otherwise, and would lie over the panels
    ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, {1, 1});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
    ImGui::Begin(id, nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground |
                     ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
    ImGui::SetCursorPos({0, 0});
    ImGui::InvisibleButton(id, size);
    if (ImGui::IsItemHovered() || ImGui::IsItemActive()) ImGui::SetMouseCursor(cursor);
    const bool active = ImGui::IsItemActive();
    ImGui::End();
    ImGui::PopStyleVar(2);
    return active;
  };
  const ImGuiIO& io = ImGui::GetIO();
  const ImVec2 tall = {width, area.height()};
  if (handle("##left", {area.min.x - width / 2, area.min.y}, tall, ImGuiMouseCursor_ResizeEW)) {
    settings_.left = std::clamp(io.MousePos.x / io.DisplaySize.x, 0.15f, 0.4f);
  }
  if (handle("##right", {area.max.x - width / 2, area.min.y}, tall, ImGuiMouseCursor_ResizeEW)) {
    settings_.right = std::clamp(1 - io.MousePos.x / io.DisplaySize.x, 0.15f, 0.45f);
  }
  if (handle("##bottom", {area.min.x, area.max.y - width / 2}, {area.width(), width},
             ImGuiMouseCursor_ResizeNS)) {
    settings_.bottom = std::clamp(1 - io.MousePos.y / io.DisplaySize.y, 0.08f, 0.5f);
  }
}

void Viewer::BuildPanels(PanelContext& c) {
  const float top = MenuBar(c);
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  const float left = settings_.left * size.x, right = (1 - settings_.right) * size.x;
  const float run_height = std::max(settings_.bottom * size.y, 7.6f * ImGui::GetFontSize());
  const float bottom = size.y - run_height;
  const float middle = top + 0.45f * (size.y - top);

  if (ui_.BeginPanel("Task", {{0, top}, {left, middle}})) TaskPanel(c);
  ui_.EndPanel();
  const auto tab = [&](const char* panel, const char* label, void (*draw)(PanelContext&)) {
    ui_.Scope(panel);
    if (!ui_.Tab(label)) return;
    ui_.Scope(label);
    draw(c);
    ImGui::EndTabItem();
  };
  if (ui_.BeginPanel("Browse", {{0, middle}, {left, size.y}}) && ImGui::BeginTabBar("browse")) {
    tab("Browse", "Suites", BrowserPanel);
    tab("Browse", "Change", ChangePanel);
    ImGui::EndTabBar();
  }
  ui_.EndPanel();
  if (ui_.BeginPanel("Inspect", {{right, top}, {size.x, size.y}}) &&
      ImGui::BeginTabBar("inspect")) {
    tab("Inspect", "Agent", AgentPanel);
    tab("Inspect", "Curves", CurvesPanel);
    tab("Inspect", "Scene", ScenePanel);
    tab("Inspect", "Evaluation", EvaluationPanel);
    ImGui::EndTabBar();
  }
  ui_.EndPanel();
  if (ui_.BeginPanel("Run", {{left, bottom}, {right, size.y}})) RunPanel(c);
  ui_.EndPanel();
  HelpSheet(c);

  const Rect area{{left, top}, {right, bottom}};
  Splitters(area);
  state_.scene_rects.clear();
  const float count = static_cast<float>(stage_->lanes.size());
  for (size_t i = 0; i < stage_->lanes.size(); ++i) {
    const float part = area.width() / count;
    const float x = area.min.x + part * static_cast<float>(i);
    state_.scene_rects.push_back({{x, area.min.y}, {x + part, area.max.y}});
  }
}

void Viewer::HandleMouse(PanelContext& c) {
  const ImGuiIO& io = ImGui::GetIO();
  SceneView& view = *c.lane.view;
  if (view.push().active != 0 && !io.MouseDown[0] && !io.MouseDown[1]) {
    // let go: a body that was moved by hand stays where it was put
    c.lane.session->SetPush({});
    if (!c.lane.session->playing()) {
      if (const auto placed = view.HeldPose()) {
        c.lane.session->Edit(c.shown->step, [placed = *placed](Scene& scene) {
          std::copy_n(placed.pose.begin(), 7, scene.mutable_data().qpos + placed.qposadr);
        });
        c.lane.shown_step = c.lane.shown_substep = -1;
      }
    }
    view.Release();
  }
  if (io.WantCaptureMouse) return;
  for (size_t i = 0; i < state_.scene_rects.size(); ++i) {
    const bool clicked = ImGui::IsMouseClicked(0) || ImGui::IsMouseClicked(1);
    if (clicked && state_.scene_rects[i].contains(io.MousePos)) stage_->selected = i;
  }
  const Rect& rect = state_.scene_rects[std::min(stage_->selected, state_.scene_rects.size() - 1)];
  const double dx = io.MouseDelta.x / rect.height(), dy = io.MouseDelta.y / rect.height();
  if (ImGui::IsMouseDoubleClicked(0) && rect.contains(io.MousePos)) {
    const double x = (io.MousePos.x - rect.min.x) / rect.width();
    const double y = 1 - (io.MousePos.y - rect.min.y) / rect.height();
    const auto picked = view.Pick(x, y, rect.width() / rect.height());
    state_.selected_body = picked ? picked->body : -1;
    view.push().select = picked ? picked->body : 0;
    if (picked) state_.picked = *picked;
    return;
  }
  const bool left = ImGui::IsMouseDragging(0, 0), right = ImGui::IsMouseDragging(1, 0);
  if (io.KeyCtrl && state_.selected_body > 0 && (left || right)) {
    // MuJoCo's convention: left turns, right moves
    if (view.push().active == 0) view.Hold(state_.picked);
    const mjtMouse action = left ? (io.KeyShift ? mjMOUSE_ROTATE_H : mjMOUSE_ROTATE_V)
                                 : (io.KeyShift ? mjMOUSE_MOVE_H : mjMOUSE_MOVE_V);
    view.MoveHeld(action, dx, dy);
    if (c.lane.session->playing()) {
      c.lane.session->SetPush(view.push());
    } else {
      view.HeldPose();
    }
    return;
  }
  if (left) {
    view.MoveCamera(io.KeyShift ? mjMOUSE_ROTATE_H : mjMOUSE_ROTATE_V, dx, dy);
  } else if (right) {
    view.MoveCamera(io.KeyShift ? mjMOUSE_MOVE_H : mjMOUSE_MOVE_V, dx, dy);
  } else if (ImGui::IsMouseDragging(2, 0)) {
    view.MoveCamera(mjMOUSE_ZOOM, dx, dy);
  }
  if (io.MouseWheel != 0) view.MoveCamera(mjMOUSE_ZOOM, 0, -0.05 * io.MouseWheel);
}

void Viewer::DrawScenes() {
  const ImGuiIO& io = ImGui::GetIO();
  const float sx = static_cast<float>(window_.framebuffer_width()) / io.DisplaySize.x;
  const float sy = static_cast<float>(window_.framebuffer_height()) / io.DisplaySize.y;
  const mjvCamera& pose = stage_->lanes[stage_->selected].view->pose();
  for (size_t i = 0; i < stage_->lanes.size(); ++i) {
    SceneView& view = *stage_->lanes[i].view;
    if (i != stage_->selected) view.SetPose(pose);
    const Rect& rect = state_.scene_rects[i];
    const mjrRect viewport = {
        static_cast<int>(rect.min.x * sx), static_cast<int>((io.DisplaySize.y - rect.max.y) * sy),
        static_cast<int>(rect.width() * sx), static_cast<int>(rect.height() * sy)};
    view.Draw(viewport, settings_.overlays);
    if (!settings_.insets) continue;
    const int side = viewport.height / 4;
    int x = viewport.left + viewport.width - side;
    for (const char* name : {"robot0_eye_in_hand", "agentview"}) {
      const int camera = mj_name2id(&view.model(), mjOBJ_CAMERA, name);
      if (camera < 0) continue;
      view.DrawCamera({x, viewport.bottom, side, side}, camera);
      x -= side;
    }
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
