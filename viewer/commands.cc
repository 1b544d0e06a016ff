// The table, and what its entries do.

#include "viewer/commands.h"

#include <GLFW/glfw3.h>
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <utility>

#include "viewer/viewer.h"

namespace vega {
namespace {

constexpr int kSubsteps = 25;  // in a control step
constexpr double kSpeeds[] = {1 / 16.0, 1 / 8.0, 1 / 4.0, 1 / 2.0, 1, 2, 4, 8};

void ChangeSpeed(PanelContext& c, int by) {
  size_t nearest = 0;
  for (size_t i = 0; i < std::size(kSpeeds); ++i) {
    if (std::abs(kSpeeds[i] - c.lane.session->speed()) <
        std::abs(kSpeeds[nearest] - c.lane.session->speed())) {
      nearest = i;
    }
  }
  const int next =
      std::clamp(static_cast<int>(nearest) + by, 0, static_cast<int>(std::size(kSpeeds)) - 1);
  for (Lane& lane : c.stage.lanes) lane.session->SetSpeed(kSpeeds[next]);
}

void NextTask(PanelContext& c, int by) {
  const TaskInfo& info = c.lane.session->task().info();
  const auto suite = c.catalog.instructions.find(info.suite);
  if (suite == c.catalog.instructions.end()) return;
  const int count = static_cast<int>(suite->second.size());
  OpenTask(c, info.suite, (info.index + by + count) % count);
}

void NextCamera(PanelContext& c) {
  const int next = c.lane.view->camera() + 1;
  c.lane.view->SetCamera(next < c.lane.view->model().ncam ? std::max(next, 0) : -1);
}

void SetGate(PanelContext& c, std::optional<double> gate) {
  PolicyChoice choice = c.policy;
  choice.options.gate = gate;
  ChoosePolicy(c, choice);
}

void ToggleTeleop(PanelContext& c) {
  c.state.teleop = !c.state.teleop;
  if (!c.state.teleop) {
    ChoosePolicy(c, c.policy);
    return;
  }
  c.lane.shown_step = -1;
  c.lane.session->SetPolicy(
      {"teleoperation", [hands = c.state.hands] { return std::make_unique<TeleopPolicy>(hands); }});
  c.lane.session->Play();
}

template <int Flag>
void ToggleVisual(PanelContext& c) {
  for (Lane& lane : c.stage.lanes) lane.view->options().flags[Flag] ^= 1;
}
template <int Flag>
bool IsVisual(const PanelContext& c) {
  return c.lane.view->options().flags[Flag] != 0;
}
template <int Flag>
void ToggleRender(PanelContext& c) {
  for (Lane& lane : c.stage.lanes) lane.view->scene().flags[Flag] ^= 1;
}
template <int Flag>
bool IsRender(const PanelContext& c) {
  return c.lane.view->scene().flags[Flag] != 0;
}

const std::vector<Command>& Table() {
  using C = PanelContext;
  static const std::vector<Command> table = {
      {"File", "Screenshot", GLFW_KEY_F2, false,
       [](C& c) { c.later([](Viewer& v) { v.SaveScreenshot(); }); }},
      {"File", "Record a video", GLFW_KEY_F3, false,
       [](C& c) { c.later([](Viewer& v) { v.ToggleVideo(); }); }},
      {"File", "Record a demonstration", GLFW_KEY_F4, false,
       [](C& c) { c.later([](Viewer& v) { v.SaveDemonstration(); }); }},
      {"File", "Quit", GLFW_KEY_Q, true, [](C& c) { c.later([](Viewer& v) { v.Quit(); }); }},

      {"Run", "Play, pause", GLFW_KEY_SPACE, false, TogglePlay},
      {"Run", "One control step", GLFW_KEY_RIGHT, false, [](C& c) { StepOnce(c, false); }},
      {"Run", "One physics step", GLFW_KEY_PERIOD, false, [](C& c) { StepOnce(c, true); }},
      {"Run", "One step back", GLFW_KEY_LEFT, false,
       [](C& c) { ShowStep(c, std::max(0, c.shown->step - 1)); }},
      {"Run", "Go on from here", GLFW_KEY_B, false,
       [](C& c) {
         c.lane.session->GoOnFrom(c.shown->step);
         c.lane.shown_step = -1;
       }},
      {"Run", "Restart", GLFW_KEY_BACKSPACE, false,
       [](C& c) { Restart(c, c.lane.session->init()); }},
      {"Run", "Previous initial state", GLFW_KEY_LEFT_BRACKET, false,
       [](C& c) { Restart(c, c.lane.session->init() - 1); }},
      {"Run", "Next initial state", GLFW_KEY_RIGHT_BRACKET, false,
       [](C& c) { Restart(c, c.lane.session->init() + 1); }},
      {"Run", "Previous task", GLFW_KEY_PAGE_UP, false, [](C& c) { NextTask(c, -1); }},
      {"Run", "Next task", GLFW_KEY_PAGE_DOWN, false, [](C& c) { NextTask(c, 1); }},
      {"Run", "Slower", GLFW_KEY_MINUS, false, [](C& c) { ChangeSpeed(c, -1); }},
      {"Run", "Faster", GLFW_KEY_EQUAL, false, [](C& c) { ChangeSpeed(c, 1); }},

      {"View", "Next camera", GLFW_KEY_C, false, NextCamera},
      {"View", "Free camera", GLFW_KEY_ESCAPE, false, [](C& c) { c.lane.view->SetCamera(-1); }},
      {"View", "Follow the selected body", GLFW_KEY_T, false,
       [](C& c) {
         if (c.state.selected_body > 0) c.lane.view->Track(c.state.selected_body);
       }},
      {"View", "Contacts", GLFW_KEY_1, false, ToggleVisual<mjVIS_CONTACTPOINT>,
       IsVisual<mjVIS_CONTACTPOINT>},
      {"View", "Contact forces", GLFW_KEY_2, false, ToggleVisual<mjVIS_CONTACTFORCE>,
       IsVisual<mjVIS_CONTACTFORCE>},
      {"View", "Transparent", GLFW_KEY_3, false, ToggleVisual<mjVIS_TRANSPARENT>,
       IsVisual<mjVIS_TRANSPARENT>},
      {"View", "Wireframe", GLFW_KEY_4, false, ToggleRender<mjRND_WIREFRAME>,
       IsRender<mjRND_WIREFRAME>},
      {"View", "Shadows", GLFW_KEY_5, false, ToggleRender<mjRND_SHADOW>, IsRender<mjRND_SHADOW>},
      {"View", "Collision shapes", GLFW_KEY_6, false,
       [](C& c) {
         for (Lane& lane : c.stage.lanes) lane.view->options().geomgroup[0] ^= 1;
       },
       [](const C& c) { return c.lane.view->options().geomgroup[0] != 0; }},
      {"View", "Frames", GLFW_KEY_7, false,
       [](C& c) {
         for (Lane& lane : c.stage.lanes) {
           int& frame = lane.view->options().frame;
           frame = frame == mjFRAME_NONE ? mjFRAME_BODY : mjFRAME_NONE;
         }
       },
       [](const C& c) { return c.lane.view->options().frame != mjFRAME_NONE; }},
      {"View", "Goal regions", GLFW_KEY_9, false,
       [](C& c) { c.settings.overlays.goal_regions ^= true; },
       [](const C& c) { return c.settings.overlays.goal_regions; }},
      {"View", "Action chunk", GLFW_KEY_0, false,
       [](C& c) { c.settings.overlays.action_chunk ^= true; },
       [](const C& c) { return c.settings.overlays.action_chunk; }},
      {"View", "Camera insets", GLFW_KEY_V, false, [](C& c) { c.settings.insets ^= true; },
       [](const C& c) { return c.settings.insets; }},
      {"View", "Dark", GLFW_KEY_F5, false, [](C& c) { c.settings.dark ^= true; },
       [](const C& c) { return c.settings.dark; }},
      {"View", "Larger text", GLFW_KEY_EQUAL, true,
       [](C& c) { c.settings.scale = std::min(3.0f, c.settings.scale * 1.1f); }},
      {"View", "Smaller text", GLFW_KEY_MINUS, true,
       [](C& c) { c.settings.scale = std::max(0.5f, c.settings.scale / 1.1f); }},

      {"Agent", "Teleoperate", GLFW_KEY_Z, false, ToggleTeleop,
       [](const C& c) { return c.state.teleop; }},
      {"Agent", "Gate: learnt", GLFW_KEY_1, true, [](C& c) { SetGate(c, {}); }},
      {"Agent", "Gate: all generative (0)", GLFW_KEY_2, true, [](C& c) { SetGate(c, 0.0); }},
      {"Agent", "Gate: all semantic (1)", GLFW_KEY_3, true, [](C& c) { SetGate(c, 1.0); }},
      {"Agent", "Gate over the pictures", GLFW_KEY_H, false,
       [](C& c) { c.settings.gate_overlay ^= true; },
       [](const C& c) { return c.settings.gate_overlay; }},

      {"Fork", "Fork here", GLFW_KEY_F, true, [](C& c) { c.later([](Viewer& v) { v.Fork(); }); }},
      {"Fork", "Other side", GLFW_KEY_TAB, false,
       [](C& c) { c.stage.selected = (c.stage.selected + 1) % c.stage.lanes.size(); }},
      {"Fork", "Close the fork", GLFW_KEY_W, true,
       [](C& c) { c.later([](Viewer& v) { v.CloseFork(); }); }},

      {"Help", "Keys and mouse", GLFW_KEY_F1, false, [](C& c) { c.state.show_help ^= true; },
       [](const C& c) { return c.state.show_help; }},
  };
  return table;
}

}  // namespace

const std::vector<Command>& Commands() { return Table(); }

std::string KeyName(const Command& command) {
  static const std::map<int, const char*> names = {
      {GLFW_KEY_SPACE, "Space"},    {GLFW_KEY_RIGHT, "Right"},
      {GLFW_KEY_LEFT, "Left"},      {GLFW_KEY_BACKSPACE, "Backspace"},
      {GLFW_KEY_PAGE_UP, "PageUp"}, {GLFW_KEY_PAGE_DOWN, "PageDown"},
      {GLFW_KEY_ESCAPE, "Esc"},     {GLFW_KEY_TAB, "Tab"}};
  if (command.key == 0) return {};
  std::string key;
  if (const auto named = names.find(command.key); named != names.end()) {
    key = named->second;
  } else if (command.key >= GLFW_KEY_F1 && command.key <= GLFW_KEY_F12) {
    key = fmt::format("F{}", command.key - GLFW_KEY_F1 + 1);
  } else {
    key = std::string(1, static_cast<char>(command.key));
  }
  return command.ctrl ? "Ctrl+" + key : key;
}

void TogglePlay(PanelContext& c) {
  const bool playing = c.lane.session->playing() && !c.shown->over;
  for (Lane& lane : c.stage.lanes) {
    if (playing) {
      lane.session->Pause();
      continue;
    }
    if (lane.shown_step >= 0) lane.session->GoOnFrom(lane.shown_step);
    lane.shown_step = lane.shown_substep = -1;
    lane.session->Play();
  }
}

void StepOnce(PanelContext& c, bool physics) {
  for (Lane& lane : c.stage.lanes) {
    if (lane.shown_step >= 0) lane.session->GoOnFrom(lane.shown_step);
    lane.shown_step = -1;
    const SnapshotPtr latest = lane.session->latest();
    const bool within = physics && latest != nullptr && !latest->substeps.empty() &&
                        lane.shown_substep >= 0 && lane.shown_substep + 1 < kSubsteps;
    if (within) {
      ++lane.shown_substep;
      continue;
    }
    // the policy acts by control steps; the physics within one is shown as it went
    lane.shown_substep = physics ? 1 : -1;
    lane.session->StepOnce(physics);
  }
}

void ShowStep(PanelContext& c, int step) {
  for (Lane& lane : c.stage.lanes) {
    lane.session->Pause();
    lane.shown_step = step;
    lane.shown_substep = -1;
  }
}

void Restart(PanelContext& c, int init) {
  for (Lane& lane : c.stage.lanes) {
    lane.shown_step = lane.shown_substep = -1;
    const int count = static_cast<int>(lane.session->task().init_states().size());
    lane.session->Restart(count > 0 ? (init % count + count) % count : 0);
  }
}

void OpenTask(PanelContext& c, const std::string& suite, int task) {
  c.later([suite, task](Viewer& viewer) { viewer.OpenTask(suite, task, 0); });
}

void ChoosePolicy(PanelContext& c, const PolicyChoice& choice) {
  c.later([choice](Viewer& viewer) { viewer.SetPolicy(choice); });
}

float MenuBar(PanelContext& c) {
  if (!ImGui::BeginMainMenuBar()) return 0;
  c.ui.Scope("Menu");
  const char* menu = nullptr;
  bool open = false;
  for (const Command& command : Commands()) {
    if (menu == nullptr || std::string_view(menu) != command.menu) {
      if (open) ImGui::EndMenu();
      menu = command.menu;
      open = ImGui::BeginMenu(menu);
      c.ui.Mark(menu);
    }
    if (!open) continue;
    const bool checked = command.checked != nullptr && command.checked(c);
    if (ImGui::MenuItem(command.label, KeyName(command).c_str(), checked)) command.run(c);
    c.ui.Mark(std::string(menu) + "/" + command.label);
  }
  if (open) ImGui::EndMenu();
  const TaskInfo& info = c.lane.session->task().info();
  ImGui::SameLine(ImGui::GetWindowWidth() - 24 * ImGui::GetFontSize());
  ImGui::TextDisabled("%s / %d   %s", info.suite.c_str(), info.index,
                      c.lane.session->policy_name().c_str());
  const float height = ImGui::GetWindowHeight();
  ImGui::EndMainMenuBar();
  return height;
}

void HandleKeys(PanelContext& c) {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.WantTextInput) return;
  for (const Command& command : Commands()) {
    if (command.key == 0 || command.ctrl != io.KeyCtrl) continue;
    if (ImGui::IsKeyPressed(command.key, command.key == GLFW_KEY_RIGHT ||
                                             command.key == GLFW_KEY_LEFT ||
                                             command.key == GLFW_KEY_PERIOD)) {
      command.run(c);
    }
  }
}

void HelpSheet(PanelContext& c) {
  if (!c.state.show_help) return;
  const ImVec2 display = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({display.x / 2, display.y / 2}, ImGuiCond_Appearing, {0.5f, 0.5f});
  c.ui.Scope("Help");
  if (ImGui::Begin("Keys and mouse", &c.state.show_help,
                   ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoCollapse)) {
    if (ImGui::BeginTable("keys", 2, ImGuiTableFlags_SizingFixedFit)) {
      const size_t half = (Commands().size() + 1) / 2;
      for (size_t i = 0; i < half; ++i) {
        for (const size_t j : {i, i + half}) {
          ImGui::TableNextColumn();
          if (j >= Commands().size()) continue;
          const Command& command = Commands()[j];
          ImGui::TextDisabled("%-10s", KeyName(command).c_str());
          ImGui::SameLine(7 * ImGui::GetFontSize());
          ImGui::Text("%s: %s    ", command.menu, command.label);
        }
      }
      ImGui::EndTable();
    }
    ImGui::Separator();
    ImGui::TextUnformatted(
        "left drag  orbit      right drag  pan      wheel, middle drag  zoom      double click  "
        "select\n"
        "Ctrl + drag  push the selected body while it runs, move it while paused (left turns, "
        "right "
        "moves)\n"
        "teleoperation: w s a d move, r f up and down, i k j l u o turn, g gripper; or a gamepad\n"
        "drop a run folder on the window to watch it, or a dataset to play it back");
  }
  ImGui::End();
}

}  // namespace vega
