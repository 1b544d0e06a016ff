#include <imgui.h>

#include "viewer/commands.h"
#include "viewer/panels/panels.h"

namespace vega {

void TaskPanel(PanelContext& c) {
  Session& session = *c.lane.session;
  const std::string current = session.instruction();
  if (!ImGui::IsAnyItemActive()) c.state.instruction = current;
  ImGui::TextDisabled("instruction");
  ImGui::SetNextItemWidth(-1);
  if (c.ui.Text("##instruction", &c.state.instruction) && c.state.instruction != current) {
    session.SetInstruction(c.state.instruction);
  }
  ImGui::TextWrapped("%s", current.c_str());
  if (current != session.task().info().instruction) {
    ColouredText(colours::kNote, "not the task's own");
  }
  ImGui::Separator();
  for (const GoalTerm& term : c.shown->goal) {
    ColouredText(term.value ? colours::kGood : colours::kBad,
                 (term.value ? "true   " : "false  ") + term.text);
  }
  // the lamp
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float radius = 0.45f * ImGui::GetFontSize();
  const ImU32 lamp = ImGui::ColorConvertFloat4ToU32(c.shown->success ? colours::kGood
                                                                     : ImVec4{0.5f, 0.5f, 0.5f, 1});
  ImGui::GetWindowDrawList()->AddCircleFilled({at.x + radius, at.y + radius + 2}, radius, lamp);
  ImGui::Dummy({3 * radius, 2 * radius});
  ImGui::SameLine();
  ImGui::TextUnformatted(c.shown->success ? "SUCCESS" : "not solved");
  for (const std::string& error : {session.error(), c.state.error}) {
    if (!error.empty()) ColouredText(colours::kBad, error);
  }
  if (!c.state.notice.empty()) ColouredText(colours::kNote, c.state.notice);
  if (session.busy()) ImGui::TextDisabled("working ...");
}

}  // namespace vega
