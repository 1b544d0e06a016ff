#include <imgui.h>

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <cstdio>

#include "viewer/panels/panels.h"

namespace vega {
namespace {

constexpr std::array<const char*, 7> kActionNames = {"dx", "dy", "dz", "rx", "ry", "rz", "grip"};
constexpr int kSpan = 80;  // control steps of the action curves

struct Point {
  int step;
  double value;
};

// a line of points over steps [first, first + kSpan), values in [-1, 1]
void Line(const Rect& box, const std::vector<Point>& points, int first, ImU32 colour) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const auto place = [&](const Point& p) {
    const float x = static_cast<float>(p.step - first) / kSpan;
    const float y = static_cast<float>(0.5 - 0.46 * std::clamp(p.value, -1.0, 1.0));
    return ImVec2{box.min.x + x * box.width(), box.min.y + y * box.height()};
  };
  for (size_t i = 1; i < points.size(); ++i) {
    draw->AddLine(place(points[i - 1]), place(points[i]), colour, 1.6f);
  }
}

// heights of a row of the seven actions and of the four measured curves, which fill the panel
float RowHeight(float share) {
  const float font = ImGui::GetFontSize();
  return std::floor(std::clamp(share * ImGui::GetContentRegionAvail().y, 1.7f * font, 6 * font));
}

void ActionCurves(const PanelContext& c, const std::vector<Action>& executed) {
  const float height = RowHeight(0.05f);
  const PolicyCall* call = c.shown->call.get();
  const int now = c.shown->step;
  const int ahead = call != nullptr ? static_cast<int>(call->chunk.size()) : 0;
  const int first = std::max(0, now + ahead - kSpan);
  for (size_t a = 0; a < kActionNames.size(); ++a) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x - 6.5f * ImGui::GetFontSize();
    const Rect box{at, {at.x + width, at.y + height}};
    ImDrawList* draw = ImGui::GetWindowDrawList();
    draw->AddRectFilled(box.min, box.max, ImGui::GetColorU32(ImGuiCol_FrameBg), 3);
    std::vector<Point> done, planned;
    for (int step = first; step < now; ++step) {
      done.push_back({step, executed[step][a]});
    }
    if (call != nullptr) {
      for (int k = 0; k < ahead; ++k) planned.push_back({call->input.step + k, call->chunk[k][a]});
    }
    Line(box, planned, first, IM_COL32(240, 170, 40, 255));
    Line(box, done, first, IM_COL32(90, 150, 230, 255));
    ImGui::Dummy({box.width(), box.height()});
    ImGui::SameLine();
    ImGui::Text("%s %+.2f", kActionNames[a], c.shown->action[a]);
  }
  ImGui::TextDisabled("executed blue, the policy's last answer orange");
}

void Curve(const char* label, const std::vector<float>& values, float height) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  char range[64];
  std::snprintf(range, sizeof range, "%.3g to %.3g", *low, *high);
  ImGui::PlotLines(label, values.data(), static_cast<int>(values.size()), 0, range, FLT_MAX,
                   FLT_MAX,
                   {ImGui::GetContentRegionAvail().x - 6.5f * ImGui::GetFontSize(), height});
}

}  // namespace

void CurvesPanel(PanelContext& c) {
  std::vector<Action> executed;  // by step
  std::array<std::vector<float>, 4> curves;
  c.lane.session->ForEach([&](const Snapshot& s) {
    const Proprio& p = s.proprio();
    if (s.step > 0) executed.push_back(s.action);
    for (int i = 0; i < 3; ++i) curves[i].push_back(static_cast<float>(p.eef_pos[i]));
    curves[3].push_back(static_cast<float>(1e3 * (p.gripper_qpos[0] - p.gripper_qpos[1])));
  });
  if (static_cast<int>(executed.size()) < c.shown->step) return;  // gone back meanwhile
  ActionCurves(c, executed);
  ImGui::Separator();
  const Proprio& proprio = c.shown->proprio();
  ImGui::Text("eef %+.3f %+.3f %+.3f m   quat %+.2f %+.2f %+.2f %+.2f", proprio.eef_pos[0],
              proprio.eef_pos[1], proprio.eef_pos[2], proprio.eef_quat[0], proprio.eef_quat[1],
              proprio.eef_quat[2], proprio.eef_quat[3]);
  const auto& q = proprio.joint_pos;
  ImGui::Text("joints %+.2f %+.2f %+.2f %+.2f %+.2f %+.2f %+.2f rad", q[0], q[1], q[2], q[3], q[4],
              q[5], q[6]);
  ImGui::TextDisabled("measured since the start, lowest to highest");
  const float height = RowHeight(0.18f);
  Curve("eef x, m", curves[0], height);
  Curve("eef y, m", curves[1], height);
  Curve("eef z, m", curves[2], height);
  Curve("open, mm", curves[3], height);
}

}  // namespace vega
