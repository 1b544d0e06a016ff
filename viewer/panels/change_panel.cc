#include <imgui.h>

#include <algorithm>
#include <array>

#include "viewer/commands.h"
#include "viewer/panels/panels.h"
#include "viewer/viewer.h"

namespace vega {
namespace {

// changes the shown step and goes on from it
void Change(PanelContext& c, std::function<void(Scene&)> change) {
  c.lane.session->Pause();
  c.lane.session->Edit(c.shown->step, std::move(change));
  c.lane.shown_step = c.lane.shown_substep = -1;
}

void Nudges(PanelContext& c, const char* what, const std::function<void(Scene&, int, double)>& move,
            double by, const char* unit) {
  constexpr std::array<const char*, 3> kAxes = {"x", "y", "z"};
  ImGui::TextUnformatted(what);
  ImGui::SameLine();
  ImGui::TextDisabled("by %g %s", by, unit);
  for (int axis = 0; axis < 3; ++axis) {
    for (const double sign : {-1.0, 1.0}) {
      if (axis > 0 || sign > 0) ImGui::SameLine();
      const std::string label = std::string(sign < 0 ? "-" : "+") + kAxes[axis] + "##" + what;
      if (c.ui.Button(label.c_str())) {
        Change(c, [move, axis, by = sign * by](Scene& scene) { move(scene, axis, by); });
      }
    }
  }
}

// address of the free joint that carries a body, or -1
int FreeJoint(const mjModel& m, int body) {
  if (body <= 0) return -1;
  const int root = m.body_rootid[body];
  if (m.body_jntnum[root] != 1 || m.jnt_type[m.body_jntadr[root]] != mjJNT_FREE) return -1;
  return m.jnt_qposadr[m.body_jntadr[root]];
}

}  // namespace

void ChangePanel(PanelContext& c) {
  const mjModel& model = c.lane.view->model();
  ImGui::TextWrapped(
      "Pause, fork, change one thing on one side, and play: both futures run side by "
      "side from the same moment.");
  if (c.ui.Button("Fork here", c.stage.lanes.size() == 1)) {
    c.later([](Viewer& viewer) { viewer.Fork(); });
  }
  ImGui::SameLine();
  if (c.ui.Button("Close the fork", c.stage.lanes.size() > 1)) {
    c.later([](Viewer& viewer) { viewer.CloseFork(); });
  }
  for (size_t i = 0; c.stage.lanes.size() > 1 && i < c.stage.lanes.size(); ++i) {
    ImGui::SameLine();
    if (c.ui.Radio(i == 0 ? "left" : "right", c.stage.selected == i)) c.stage.selected = i;
  }
  ImGui::Separator();

  const int address = FreeJoint(model, c.state.selected_body);
  if (address >= 0) {
    Nudges(
        c, "object",
        [address](Scene& scene, int axis, double by) {
          scene.mutable_data().qpos[address + axis] += by;
        },
        0.02, "m");
  } else {
    DisabledText("object: select a movable one (double click)");
  }
  for (int camera = 0; camera < model.ncam; ++camera) {
    const char* name = mj_id2name(&model, mjOBJ_CAMERA, camera);
    const auto cameras = c.lane.session->contract().cameras;
    if (std::find(cameras.begin(), cameras.end(), name) == cameras.end()) continue;
    Nudges(
        c, name,
        [camera](Scene& scene, int axis, double by) {
          scene.mutable_model().cam_pos[3 * camera + axis] += by;
        },
        0.05, "m");
  }
  ImGui::AlignTextToFramePadding();
  ImGui::TextUnformatted("light");
  for (const double factor : {0.5, 2.0}) {
    ImGui::SameLine();
    if (c.ui.Button(factor < 1 ? "darker" : "brighter")) {
      Change(c, [factor](Scene& scene) {
        mjModel& m = scene.mutable_model();
        for (int i = 0; i < 3 * m.nlight; ++i) m.light_diffuse[i] *= static_cast<float>(factor);
      });
    }
  }
  DisabledText("instruction: in the task panel; gate, fusion, policy: in the agent panel");
}

}  // namespace vega
