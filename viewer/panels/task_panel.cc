#include <imgui.h>

#include <algorithm>

#include "viewer/commands.h"
#include "viewer/panels/panels.h"

namespace vega {
namespace {

// the predicate in its colour, what was measured for it below: "on(a, b): dz 0.01 m, touching"
void GoalLine(const GoalTerm& term) {
  const size_t colon = term.text.find(": ");
  ColouredText(term.value ? colours::kGood : colours::kBad,
               (term.value ? "true   " : "false  ") + term.text.substr(0, colon));
  if (colon == std::string::npos) return;
  ImGui::Indent();
  for (size_t begin = colon + 2; begin < term.text.size();) {
    const size_t end = std::min(term.text.find(", ", begin), term.text.size());
    ImGui::TextDisabled("%s", term.text.substr(begin, end - begin).c_str());
    begin = end + 2;
  }
  ImGui::Unindent();
}

}  // namespace

void TaskPanel(PanelContext& c) {
  Session& session = *c.lane.session;
  const std::string current = session.instruction();
  if (!ImGui::IsAnyItemActive()) c.state.instruction = current;
  ImGui::TextDisabled("instruction");
  ImGui::SetNextItemWidth(-1);
  if (c.ui.Text("##instruction", &c.state.instruction) && c.state.instruction != current) {
    session.SetInstruction(c.state.instruction);
  }
  // longer than the field is wide
  const bool cut = ImGui::CalcTextSize(current.c_str()).x > ImGui::GetItemRectSize().x;
  if (cut) ImGui::TextWrapped("%s", current.c_str());
  if (current != session.task().info().instruction) {
    ColouredText(colours::kNote, "not the task's own");
  }
  ImGui::Separator();
  for (const GoalTerm& term : c.shown->goal) GoalLine(term);
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
