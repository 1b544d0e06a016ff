#include <fmt/format.h>
#include <imgui.h>

#include <initializer_list>

#include "sim/base/error.h"
#include "viewer/panels/panels.h"
#include "viewer/viewer.h"

namespace vega {
namespace {

// a column of text that takes what room there is, and columns of numbers as wide as they are
void SetupColumns(const char* text, std::initializer_list<const char*> numbers) {
  ImGui::TableSetupColumn(text, ImGuiTableColumnFlags_WidthStretch);
  for (const char* heading : numbers) {
    ImGui::TableSetupColumn(heading, ImGuiTableColumnFlags_WidthFixed);
  }
  ImGui::TableHeadersRow();
}

void ScoreRow(const std::string& name, const Score& score) {
  const Interval interval = score.interval();
  ImGui::TableNextColumn();
  const float room = ImGui::GetContentRegionAvail().x;
  ImGui::TextUnformatted(name.c_str());
  if (ImGui::GetItemRectSize().x > room && ImGui::IsItemHovered()) {
    ImGui::SetTooltip("%s", name.c_str());
  }
  ImGui::TableNextColumn();
  ImGui::Text("%d/%d", score.successes, score.n);
  ImGui::TableNextColumn();
  ImGui::Text("%.0f%%  %.0f-%.0f", 100 * score.rate(), 100 * interval.low, 100 * interval.high);
  ImGui::TableNextColumn();
  if (score.errors > 0) ImGui::TextColored(colours::kBad, "%d", score.errors);
}

void Episodes(PanelContext& c) {
  if (!ImGui::BeginTable("episodes", 4, ImGuiTableFlags_RowBg | ImGuiTableFlags_ScrollY)) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  SetupColumns("episode", {"outcome", "steps", "s"});
  const auto& records = c.run.records();
  for (size_t i = records.size(); i-- > 0;) {
    const EpisodeRecord& record = records[i];
    ImGui::TableNextColumn();
    const std::string label = fmt::format("{}: task {} init {}", i, record.task, record.init);
    if (ImGui::Selectable(label.c_str(), false, ImGuiSelectableFlags_SpanAllColumns)) {
      c.later([i](Viewer& viewer) { viewer.OpenEpisode(static_cast<int>(i)); });
    }
    c.ui.Mark(fmt::format("episode {}", i));
    ImGui::TableNextColumn();
    const bool solved = record.outcome == Outcome::kSuccess;
    ImGui::TextColored(solved ? colours::kGood : colours::kBad, "%s", Name(record.outcome));
    ImGui::TableNextColumn();
    ImGui::Text("%d", record.steps);
    ImGui::TableNextColumn();
    ImGui::Text("%.1f", record.wall_s);
  }
  ImGui::EndTable();
}

// what the workers of a running evaluation see
void Workers(PanelContext& c) {
  const float side = 6 * ImGui::GetFontSize();
  for (const LivePicture& picture : c.run.pictures()) {
    ImGui::TextDisabled("worker %d: task %d episode %d, step %d", picture.worker,
                        picture.task_index, picture.episode, picture.step);
    for (size_t i = 0; i < picture.cameras.size(); ++i) {
      if (i > 0) ImGui::SameLine(0, 2);
      c.ui.Picture(fmt::format("worker/{}/{}", picture.worker, i), picture.cameras[i],
                   static_cast<uint64_t>(picture.time), side);
    }
  }
}

}  // namespace

void EvaluationPanel(PanelContext& c) {
  ImGui::SetNextItemWidth(-1);
  if (c.ui.Text("##run", &c.state.run_path,
                "folder of a run, also while it is running; or drop one")) {
    c.later([path = c.state.run_path](Viewer& viewer) { viewer.WatchRun(path); });
  }
  if (!c.run.open()) return;
  c.run.Poll();
  const std::string folder = c.run.folder().string();
  if (folder != c.state.run_path) ImGui::TextWrapped("%s", folder.c_str());
  // the text on the bar is white in dark colours and black in light ones
  ImGui::PushStyleColor(ImGuiCol_PlotHistogram, ImGui::GetStyleColorVec4(ImGuiCol_Header));
  ImGui::ProgressBar(
      static_cast<float>(c.run.records().size()) / static_cast<float>(std::max(1, c.run.planned())),
      {-1, 0}, fmt::format("{} of {}", c.run.records().size(), c.run.planned()).c_str());
  ImGui::PopStyleColor();
  if (!c.run.error().empty()) ColouredText(colours::kBad, c.run.error());
  if (ImGui::BeginTable("scores", 4, ImGuiTableFlags_RowBg)) {
    SetupColumns("task", {"solved", "rate, 95 %", "errors"});
    for (const TaskScore& task : c.run.summary().tasks) {
      ScoreRow(fmt::format("{} {}", task.task, task.instruction), task.score);
    }
    ScoreRow("all", c.run.summary().total);
    ImGui::EndTable();
  }
  Workers(c);
  Episodes(c);
}

}  // namespace vega
