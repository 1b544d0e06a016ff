// Where panels and scenes lie in the window, and what the mouse does in a scene.

#include <algorithm>

#include "viewer/commands.h"
#include "viewer/panels/panels.h"
#include "viewer/viewer.h"

namespace vega {

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

}  // namespace vega
