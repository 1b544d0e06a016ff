#include <imgui.h>

#include "viewer/commands.h"
#include "viewer/panels/panels.h"

namespace vega {
namespace {

std::string CameraName(const mjModel& model, int camera) {
  if (camera == -1) return "free";
  if (camera == -2) return "following";
  const char* name = mj_id2name(&model, mjOBJ_CAMERA, camera);
  return name != nullptr ? name : "camera " + std::to_string(camera);
}

// a row of switches, one a group
void Groups(PanelContext& c, const char* label, mjtByte* group) {
  ImGui::AlignTextToFramePadding();
  ImGui::TextUnformatted(label);
  for (int i = 0; i < mjNGROUP; ++i) {
    ImGui::SameLine();
    bool on = group[i] != 0;
    const std::string name = std::to_string(i) + "##" + label;
    if (c.ui.Checkbox(name.c_str(), &on)) group[i] = on;
  }
}

}  // namespace

void ScenePanel(PanelContext& c) {
  SceneView& view = *c.lane.view;
  const mjModel& model = view.model();
  std::vector<std::string> cameras = {"free"};
  for (int i = 0; i < model.ncam; ++i) cameras.push_back(CameraName(model, i));
  ImGui::SetNextItemWidth(-6 * ImGui::GetFontSize());
  if (const auto chosen = c.ui.Combo("camera", CameraName(model, view.camera()), cameras)) {
    for (int i = -1; i < model.ncam; ++i) {
      if (CameraName(model, i) == *chosen) view.SetCamera(i);
    }
  }
  for (const Command& command : Commands()) {
    if (std::string_view(command.menu) != "View" || command.checked == nullptr) continue;
    bool on = command.checked(c);
    if (c.ui.Checkbox(command.label, &on)) command.run(c);
  }
  mjvOption& options = view.options();
  Groups(c, "geoms ", options.geomgroup);
  Groups(c, "sites ", options.sitegroup);
  ImGui::Separator();
  if (c.state.selected_body > 0) {
    const char* name = mj_id2name(&model, mjOBJ_BODY, c.state.selected_body);
    const mjtNum* p = view.data().xpos + 3 * c.state.selected_body;
    ImGui::Text("selected %s at %+.3f %+.3f %+.3f m", name != nullptr ? name : "?", p[0], p[1],
                p[2]);
  } else {
    ImGui::TextDisabled("double click selects a body");
  }
}

}  // namespace vega
