#include <imgui.h>

#include <algorithm>
#include <cctype>

#include "viewer/commands.h"
#include "viewer/panels/panels.h"

namespace vega {
namespace {

bool ContainsIgnoringCase(const std::string& text, const std::string& part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

}  // namespace

void BrowserPanel(PanelContext& c) {
  const TaskInfo& current = c.lane.session->task().info();
  const std::string here = current.suite + "/" + std::to_string(current.index);
  ImGui::SetNextItemWidth(-1);
  c.ui.Text("##search", &c.state.search, "search instructions of all suites");
  if (ImGui::BeginChild("tasks")) {
    for (const auto& [suite, instructions] : c.catalog.instructions) {
      const bool any = std::ranges::any_of(instructions, [&](const std::string& instruction) {
        return ContainsIgnoringCase(instruction, c.state.search);
      });
      if (!any) continue;
      if (!c.state.search.empty()) ImGui::SetNextItemOpen(true);
      const bool open = ImGui::TreeNodeEx(
          suite.c_str(), suite == current.suite ? ImGuiTreeNodeFlags_DefaultOpen : 0);
      c.ui.Mark(suite);
      if (!open) continue;
      for (size_t i = 0; i < instructions.size(); ++i) {
        if (!ContainsIgnoringCase(instructions[i], c.state.search)) continue;
        ImGui::PushID(static_cast<int>(i));
        const int index = static_cast<int>(i);
        const bool selected = suite == current.suite && index == current.index;
        if (ImGui::Selectable(instructions[i].c_str(), selected)) OpenTask(c, suite, index);
        c.ui.Mark(suite + "/" + std::to_string(index));
        // longer than the panel is wide
        const bool cut = ImGui::CalcTextSize(instructions[i].c_str()).x >
                         ImGui::GetItemRectMax().x - ImGui::GetItemRectMin().x;
        if (cut && ImGui::IsItemHovered()) ImGui::SetTooltip("%s", instructions[i].c_str());
        if (selected && c.state.browsed != here) {
          ImGui::SetScrollHereY();
          c.state.browsed = here;
        }
        ImGui::PopID();
      }
      ImGui::TreePop();
    }
  }
  ImGui::EndChild();
}

}  // namespace vega
