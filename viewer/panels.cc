#include "viewer/panels.h"

#include <GLFW/glfw3.h>
#include <imgui.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

namespace vega {
namespace {

const ImVec4 kGood{0.35f, 0.80f, 0.45f, 1};
const ImVec4 kBad{0.85f, 0.45f, 0.40f, 1};
constexpr std::array<const char*, 7> kActionNames = {"dx", "dy", "dz", "rx", "ry", "rz", "grip"};

// a window at a fraction of the display, movable afterwards
bool BeginPanel(const char* title, ImVec2 corner, ImVec2 size) {
  const ImVec2 display = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({corner.x * display.x, corner.y * display.y}, ImGuiCond_FirstUseEver);
  ImGui::SetNextWindowSize({size.x * display.x, size.y * display.y}, ImGuiCond_FirstUseEver);
  return ImGui::Begin(title);
}

// a bar from the middle, for a value in [-1, 1]
void SignedBar(const char* label, double value) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x - 6 * ImGui::GetFontSize();
  const float height = ImGui::GetTextLineHeight();
  const float middle = at.x + width / 2;
  const float end = middle + static_cast<float>(std::clamp(value, -1.0, 1.0)) * width / 2;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(at, {at.x + width, at.y + height}, IM_COL32(60, 60, 66, 255), 3);
  draw->AddRectFilled({std::min(middle, end), at.y}, {std::max(middle, end), at.y + height},
                      IM_COL32(90, 150, 230, 255), 3);
  ImGui::Dummy({width, height});
  ImGui::SameLine();
  ImGui::Text("%s %+.2f", label, value);
}

// one curve over the episode's steps so far
void Curve(const char* label, const Session& session, double (*value)(const Snapshot&)) {
  std::vector<float> values;
  for (const auto& snapshot : session.history()) {
    values.push_back(static_cast<float>(value(*snapshot)));
  }
  ImGui::PlotLines(
      label, values.data(), static_cast<int>(values.size()), 0, nullptr, FLT_MAX, FLT_MAX,
      {ImGui::GetContentRegionAvail().x - 6 * ImGui::GetFontSize(), 3 * ImGui::GetFontSize()});
}

bool ContainsIgnoringCase(const std::string& text, const char* part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), part, part + std::strlen(part), same) != text.end();
}

void TogglePlay(PanelContext& context) {
  context.state.shown_step = -1;
  if (context.session.playing()) {
    context.session.Pause();
  } else {
    context.session.Play();
  }
}

void StepOnce(PanelContext& context) {
  context.state.shown_step = -1;
  context.session.StepOnce();
}

void Restart(PanelContext& context, int init) {
  context.state.shown_step = -1;
  const int count = static_cast<int>(context.session.task().init_states().size());
  context.session.Restart(count > 0 ? (init + count) % count : 0);
}

}  // namespace

ImageTexture::~ImageTexture() {
  if (id_ != 0) glDeleteTextures(1, &id_);
}

void ImageTexture::Upload(const Image& image) {
  if (id_ == 0) glGenTextures(1, &id_);
  glBindTexture(GL_TEXTURE_2D, id_);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGB, image.width, image.height, 0, GL_RGB, GL_UNSIGNED_BYTE,
               image.pixels.data());
  glBindTexture(GL_TEXTURE_2D, 0);
}

void RunControlPanel(PanelContext& context) {
  Session& session = context.session;
  if (BeginPanel("Run", {0.25f, 0.86f}, {0.47f, 0.13f})) {
    if (ImGui::Button(session.playing() ? "Pause" : "Play")) TogglePlay(context);
    ImGui::SameLine();
    if (ImGui::Button("Step")) StepOnce(context);
    ImGui::SameLine();
    if (ImGui::Button("Restart")) Restart(context, context.session.init());
    ImGui::SameLine();
    if (ImGui::Button("< Init")) Restart(context, context.session.init() - 1);
    ImGui::SameLine();
    if (ImGui::Button("Init >")) Restart(context, context.session.init() + 1);
    ImGui::SameLine();
    ImGui::Text("init %d", session.init());
    ImGui::SameLine();
    float speed = static_cast<float>(session.speed());
    ImGui::SetNextItemWidth(10 * ImGui::GetFontSize());
    if (ImGui::SliderFloat("speed", &speed, 1 / 16.0f, 8, "%.2fx", ImGuiSliderFlags_Logarithmic)) {
      session.SetSpeed(speed);
    }
    ImGui::SameLine();
    ImGui::Text("real time x%.2f", session.realtime_factor());
    const auto latest = session.latest();
    int step = context.shown.step;
    ImGui::SetNextItemWidth(-6 * ImGui::GetFontSize());
    if (ImGui::SliderInt("timeline", &step, 0, latest ? latest->step : 0, "step %d")) {
      session.Pause();
      context.state.shown_step = step;
    }
  }
  ImGui::End();
}

void TaskPanel(PanelContext& context) {
  const TaskInfo& info = context.session.task().info();
  if (BeginPanel("Task", {0.01f, 0.01f}, {0.32f, 0.2f})) {
    ImGui::TextDisabled("%s / %d", info.suite.c_str(), info.index);
    ImGui::TextWrapped("%s", info.instruction.c_str());
    ImGui::Separator();
    for (const GoalTerm& term : context.shown.goal) {
      ImGui::TextColored(term.value ? kGood : kBad, term.value ? "true " : "false");
      ImGui::SameLine();
      ImGui::TextWrapped("%s", term.text.c_str());
    }
    ImGui::TextColored(context.shown.success ? kGood : kBad,
                       context.shown.success ? "SUCCESS" : "not solved");
    const std::string error = context.session.error();
    if (!error.empty()) {
      ImGui::PushStyleColor(ImGuiCol_Text, kBad);
      ImGui::TextWrapped("%s", error.c_str());
      ImGui::PopStyleColor();
    }
  }
  ImGui::End();
}

void PolicyPanel(PanelContext& context) {
  if (BeginPanel("Policy", {0.68f, 0.01f}, {0.31f, 0.5f})) {
    const auto& cameras = context.session.contract().cameras;
    if (cameras.empty()) ImGui::TextDisabled("This policy looks at no camera.");
    while (context.textures.size() < cameras.size()) {
      context.textures.push_back(std::make_unique<ImageTexture>());
    }
    const float side = (ImGui::GetContentRegionAvail().x - ImGui::GetStyle().ItemSpacing.x) / 2;
    for (size_t i = 0; i < cameras.size() && i < context.shown.frames.size(); ++i) {
      context.textures[i]->Upload(context.shown.frames[i]);
      if (i % 2 == 1) ImGui::SameLine();
      ImGui::BeginGroup();
      ImGui::TextUnformatted(cameras[i].c_str());
      ImGui::Image(reinterpret_cast<ImTextureID>(static_cast<intptr_t>(context.textures[i]->id())),
                   {side, side});
      ImGui::EndGroup();
    }
    ImGui::Separator();
    for (size_t i = 0; i < kActionNames.size(); ++i) {
      SignedBar(kActionNames[i], context.shown.action[i]);
    }
  }
  ImGui::End();
}

void RobotPanel(PanelContext& context) {
  if (BeginPanel("Robot", {0.01f, 0.6f}, {0.23f, 0.39f})) {
    const Proprio& proprio = context.shown.proprio;
    ImGui::Text("eef  %+.3f %+.3f %+.3f m", proprio.eef_pos[0], proprio.eef_pos[1],
                proprio.eef_pos[2]);
    ImGui::Text("quat %+.3f %+.3f %+.3f %+.3f", proprio.eef_quat[0], proprio.eef_quat[1],
                proprio.eef_quat[2], proprio.eef_quat[3]);
    ImGui::Text("open %.1f mm", 1e3 * (proprio.gripper_qpos[0] - proprio.gripper_qpos[1]));
    const Session& session = context.session;
    Curve("eef z, m", session, [](const Snapshot& s) { return s.proprio.eef_pos[2]; });
    Curve("eef y, m", session, [](const Snapshot& s) { return s.proprio.eef_pos[1]; });
    Curve("gripper, m", session,
          [](const Snapshot& s) { return s.proprio.gripper_qpos[0] - s.proprio.gripper_qpos[1]; });
  }
  ImGui::End();
}

void ScenePanel(PanelContext& context) {
  if (BeginPanel("Scene", {0.73f, 0.86f}, {0.26f, 0.13f})) {
    const mjModel& model = context.view.model();
    const int current = context.view.camera();
    const char* label = current < 0 ? "free" : mj_id2name(&model, mjOBJ_CAMERA, current);
    if (ImGui::BeginCombo("camera", label)) {
      if (ImGui::Selectable("free", current < 0)) context.view.SetCamera(-1);
      for (int i = 0; i < model.ncam; ++i) {
        if (ImGui::Selectable(mj_id2name(&model, mjOBJ_CAMERA, i), i == current)) {
          context.view.SetCamera(i);
        }
      }
      ImGui::EndCombo();
    }
    mjvOption& options = context.view.options();
    const auto flag = [&](const char* name, mjtVisFlag bit) {
      bool on = options.flags[bit] != 0;
      if (ImGui::Checkbox(name, &on)) options.flags[bit] = on;
    };
    flag("contacts", mjVIS_CONTACTPOINT);
    ImGui::SameLine();
    flag("forces", mjVIS_CONTACTFORCE);
    ImGui::SameLine();
    flag("transparent", mjVIS_TRANSPARENT);
    bool collision = options.geomgroup[0] != 0;
    if (ImGui::Checkbox("collision shapes", &collision)) options.geomgroup[0] = collision;
    ImGui::SameLine();
    bool frames = options.frame == mjFRAME_SITE;
    if (ImGui::Checkbox("frames", &frames)) options.frame = frames ? mjFRAME_SITE : mjFRAME_NONE;
  }
  ImGui::End();
}

void BrowserPanel(ViewerState& state,
                  const std::map<std::string, std::vector<std::string>>& tasks) {
  if (BeginPanel("Suites", {0.01f, 0.22f}, {0.32f, 0.37f})) {
    ImGui::SetNextItemWidth(-4 * ImGui::GetFontSize());
    ImGui::InputText("search", state.search, sizeof state.search);
    for (const auto& [suite, instructions] : tasks) {
      const bool searching = state.search[0] != '\0';
      const bool any = std::ranges::any_of(instructions, [&](const std::string& instruction) {
        return ContainsIgnoringCase(instruction, state.search);
      });
      if (!any) continue;
      if (searching) ImGui::SetNextItemOpen(true);
      if (!ImGui::TreeNode(suite.c_str())) continue;
      for (size_t i = 0; i < instructions.size(); ++i) {
        if (!ContainsIgnoringCase(instructions[i], state.search)) continue;
        ImGui::PushID(static_cast<int>(i));
        if (ImGui::Selectable(instructions[i].c_str())) {
          state.wanted_suite = suite;
          state.wanted_task = static_cast<int>(i);
        }
        ImGui::PopID();
      }
      ImGui::TreePop();
    }
  }
  ImGui::End();
}

void HelpPanel(ViewerState& state) {
  if (!state.show_help) return;
  if (ImGui::Begin("Keys", &state.show_help, ImGuiWindowFlags_AlwaysAutoResize)) {
    ImGui::TextUnformatted(
        "space        play, pause\n"
        "right        one control step\n"
        "backspace    restart\n"
        "[  ]         previous, next initial state\n"
        "c            next camera\n"
        "F1           this sheet\n"
        "left drag    orbit      right drag   pan\n"
        "wheel        zoom");
  }
  ImGui::End();
}

void HandleInput(PanelContext& context) {
  const ImGuiIO& io = ImGui::GetIO();
  if (!io.WantTextInput) {
    if (ImGui::IsKeyPressed(GLFW_KEY_SPACE, false)) TogglePlay(context);
    if (ImGui::IsKeyPressed(GLFW_KEY_RIGHT)) StepOnce(context);
    if (ImGui::IsKeyPressed(GLFW_KEY_BACKSPACE, false)) Restart(context, context.session.init());
    if (ImGui::IsKeyPressed(GLFW_KEY_LEFT_BRACKET)) Restart(context, context.session.init() - 1);
    if (ImGui::IsKeyPressed(GLFW_KEY_RIGHT_BRACKET)) Restart(context, context.session.init() + 1);
    if (ImGui::IsKeyPressed(GLFW_KEY_F1, false)) context.state.show_help ^= true;
    if (ImGui::IsKeyPressed(GLFW_KEY_C, false)) {
      const int next = context.view.camera() + 1;
      context.view.SetCamera(next < context.view.model().ncam ? next : -1);
    }
  }
  if (io.WantCaptureMouse) return;
  const double dx = io.MouseDelta.x / io.DisplaySize.y;
  const double dy = io.MouseDelta.y / io.DisplaySize.y;
  if (ImGui::IsMouseDragging(ImGuiMouseButton_Left)) {
    context.view.MoveCamera(io.KeyShift ? mjMOUSE_ROTATE_H : mjMOUSE_ROTATE_V, dx, dy);
  } else if (ImGui::IsMouseDragging(ImGuiMouseButton_Right)) {
    context.view.MoveCamera(io.KeyShift ? mjMOUSE_MOVE_H : mjMOUSE_MOVE_V, dx, dy);
  } else if (ImGui::IsMouseDragging(ImGuiMouseButton_Middle)) {
    context.view.MoveCamera(mjMOUSE_ZOOM, dx, dy);
  }
  if (io.MouseWheel != 0) context.view.MoveCamera(mjMOUSE_ZOOM, 0, -0.05 * io.MouseWheel);
}

}  // namespace vega
