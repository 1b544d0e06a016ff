// What the policy saw and made of it: pictures, clips, gate, components, matches.

#include <imgui.h>

#include <algorithm>
#include <cmath>

#include "viewer/panels/panels.h"
#include "viewer/token_view.h"

namespace vega {
namespace {

// a token under the mouse, and the cell of another picture that it is compared with
struct Hover {
  int camera = -1;
  int token = -1;
};

const TokenMap& Stream(const CameraInsight& insight, const std::string& name) {
  if (name == "semantic") return insight.semantic;
  return name == "generative" ? insight.generative : insight.fused;
}

// pictures are uploaded once a call
uint64_t Version(const PolicyCall& call) { return reinterpret_cast<uintptr_t>(&call); }

Rect Cell(const Rect& picture, int side, int index) {
  const float w = picture.width() / static_cast<float>(side);
  const float h = picture.height() / static_cast<float>(side);
  const ImVec2 min = {picture.min.x + w * static_cast<float>(index % side),
                      picture.min.y + h * static_cast<float>(index / side)};
  return {min, {min.x + w, min.y + h}};
}

int TokenUnderMouse(const Rect& picture, int side) {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  if (side == 0 || !picture.contains(mouse)) return -1;
  const int column = static_cast<int>((mouse.x - picture.min.x) / picture.width() * side);
  const int row = static_cast<int>((mouse.y - picture.min.y) / picture.height() * side);
  return std::clamp(row, 0, side - 1) * side + std::clamp(column, 0, side - 1);
}

Rect LastItem() { return {ImGui::GetItemRectMin(), ImGui::GetItemRectMax()}; }

void Outline(const Rect& cell, ImU32 colour, float thickness = 2) {
  ImGui::GetWindowDrawList()->AddRect(cell.min, cell.max, colour, 0, 0, thickness);
}

void GateOverlay(const Rect& picture, const TokenMap& gate) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Image heat = HeatMap(gate, 0, 1);
  for (int i = 0; i < gate.side * gate.side; ++i) {
    const Rect cell = Cell(picture, gate.side, i);
    const uint8_t* rgb = heat.pixels.data() + 3 * i;
    draw->AddRectFilled(cell.min, cell.max, IM_COL32(rgb[0], rgb[1], rgb[2], 96));
  }
}

void GateNumbers(const TokenMap& gate) {
  float low = 1, high = 0, sum = 0;
  for (const float g : gate.values) {
    low = std::min(low, g);
    high = std::max(high, g);
    sum += g;
  }
  ImGui::TextDisabled("gate %.2f (%.2f-%.2f)", sum / static_cast<float>(gate.values.size()), low,
                      high);
}

// each stream's principal components, both cameras in one basis
void Components(PanelContext& c, const PolicyCall& call, float side) {
  const auto& cameras = call.insight->cameras;
  for (const char* stream : {"semantic", "generative", "fused"}) {
    std::vector<const TokenMap*> maps;
    for (const CameraInsight& camera : cameras) maps.push_back(&Stream(camera, stream));
    const std::string key = std::string("components/") + stream;
    // the basis is costly, so it is computed once a call
    auto& [version, pictures] = c.state.components[stream];
    if (version != Version(call)) {
      version = Version(call);
      pictures = PrincipalColours(maps);
    }
    ImGui::BeginGroup();
    ImGui::TextDisabled("%s", stream);
    for (size_t i = 0; i < pictures.size(); ++i) {
      if (i > 0) ImGui::SameLine(0, 2);
      c.ui.Picture(key + "/" + std::to_string(i), pictures[i], version, side, /*smooth=*/false);
    }
    ImGui::EndGroup();
    ImGui::SameLine();
  }
  ImGui::NewLine();
}

void ClipStrip(PanelContext& c, const PolicyCall& call) {
  const size_t length = call.input.clips[0].frames.size();
  if (length < 2) return;
  ImGui::TextDisabled("clip of %zu frames, oldest first", length);
  const float side = std::min(4.5f * ImGui::GetFontSize(),
                              ImGui::GetContentRegionAvail().x / static_cast<float>(length) - 2);
  for (size_t camera = 0; camera < call.input.clips.size(); ++camera) {
    for (size_t t = 0; t < length; ++t) {
      if (t > 0) ImGui::SameLine(0, 2);
      c.ui.Picture("clip/" + std::to_string(camera) + "/" + std::to_string(t),
                   call.input.clips[camera].frames[t], Version(call), side);
    }
  }
}

// the call before the one on display, to find a token again in an earlier picture
const PolicyCall* EarlierCall(const PanelContext& c, const PolicyCall& call) {
  const SnapshotPtr before = c.lane.session->at(call.input.step);
  if (before == nullptr || before->call == nullptr || before->call.get() == &call) return nullptr;
  return before->call.get();
}

// the token of camera `to` that shows the point a token of camera `from` shows, or -1; as the scene
// was when the policy was shown its pictures
int SeenFrom(PanelContext& c, const PolicyCall& call, const std::string& from,
             const std::string& to, int side, int token) {
  SceneView& view = *c.lane.view;
  const SnapshotPtr then = c.lane.session->at(call.input.step);
  const bool moved = then != nullptr && view.push().active == 0;
  if (moved) view.Show(then);
  const int truth = TrueCorrespondence(view.model(), view.data(), from, to, side, token);
  if (moved) view.Show(c.shown, c.lane.shown_substep);
  return truth;
}

void Matches(PanelContext& c, const PolicyCall& call, const std::vector<Rect>& pictures,
             const Hover& hover) {
  const auto& insight = *call.insight;
  const auto& cameras = c.lane.session->contract().cameras;
  const TokenMap& from = Stream(insight.cameras[hover.camera], c.state.tokens);
  // a policy that was just changed looks through others
  if (from.empty() || cameras.size() != pictures.size()) return;
  Outline(Cell(pictures[hover.camera], from.side, hover.token), IM_COL32(255, 220, 60, 255));
  for (size_t other = 0; other < pictures.size(); ++other) {
    if (static_cast<int>(other) == hover.camera) continue;
    const TokenMap cosine =
        Similarity(from, hover.token, Stream(insight.cameras[other], c.state.tokens));
    if (cosine.empty()) continue;
    const int best = Argmax(cosine);
    Outline(Cell(pictures[other], cosine.side, best), IM_COL32(255, 220, 60, 255));
    const int truth =
        SeenFrom(c, call, cameras[hover.camera], cameras[other], cosine.side, hover.token);
    if (truth >= 0) {
      const Rect cell = Cell(pictures[other], cosine.side, truth);
      ImGui::GetWindowDrawList()->AddCircle(
          {(cell.min.x + cell.max.x) / 2, (cell.min.y + cell.max.y) / 2}, cell.width() * 0.6f,
          IM_COL32(80, 240, 120, 255), 0, 2);
    }
    ImGui::SetNextWindowPos({pictures[0].min.x, pictures[0].max.y + 2});  // the pictures stay free
    ImGui::BeginTooltip();
    ImGui::Text("token %d of %s", hover.token, cameras[hover.camera].c_str());
    ImGui::Text("most alike in %s: %d, cosine %.3f", cameras[other].c_str(), best,
                cosine.values[best]);
    if (truth >= 0) {
      ImGui::Text("the same point: %d, cosine %.3f", truth, cosine.values[truth]);
    } else {
      ImGui::TextUnformatted("the same point is not seen there");
    }
    if (const PolicyCall* earlier = EarlierCall(c, call); earlier != nullptr && earlier->insight) {
      const TokenMap past = Similarity(
          from, hover.token, Stream(earlier->insight->cameras[hover.camera], c.state.tokens));
      if (!past.empty()) {
        const int match = Argmax(past);
        ImGui::Text("most alike %d steps ago: %d, cosine %.3f",
                    call.input.step - earlier->input.step, match, past.values[match]);
      }
    }
    ImGui::EndTooltip();
  }
}

}  // namespace

void AgentPictures(PanelContext& c, const PolicyCall& call) {
  const auto& clips = call.input.clips;
  if (clips.empty()) {
    ImGui::TextDisabled("This policy looks at no camera.");
    return;
  }
  const auto cameras = c.lane.session->contract().cameras;
  const float gap = ImGui::GetStyle().ItemSpacing.x;
  const float side = (ImGui::GetContentRegionAvail().x - gap) / 2;
  std::vector<Rect> pictures;
  Hover hover;
  const bool has_tokens = call.insight && call.insight->cameras.size() == clips.size();
  for (size_t i = 0; i < clips.size(); ++i) {
    // two a row, however wide the words below them are
    if (i % 2 == 1) ImGui::SameLine(ImGui::GetStyle().WindowPadding.x + side + gap);
    ImGui::BeginGroup();
    ImGui::TextDisabled("%s", i < cameras.size() ? cameras[i].c_str() : "");
    c.ui.Picture("picture/" + std::to_string(i), clips[i].frames.back(), Version(call), side);
    pictures.push_back(LastItem());
    if (has_tokens) {
      const CameraInsight& insight = call.insight->cameras[i];
      if (c.settings.gate_overlay && !insight.gate.empty()) {
        GateOverlay(pictures.back(), insight.gate);
      }
      const int token = TokenUnderMouse(pictures.back(), insight.fused.side);
      if (token >= 0 && ImGui::IsItemHovered()) hover = {static_cast<int>(i), token};
      if (!insight.gate.empty()) GateNumbers(insight.gate);
    }
    ImGui::EndGroup();
  }
  if (has_tokens) {
    c.ui.Checkbox("gate over pictures", &c.settings.gate_overlay);
    ImGui::SameLine();
    ImGui::TextDisabled("red semantic, blue generative");
    ImGui::AlignTextToFramePadding();
    ImGui::TextUnformatted("compare");
    for (const char* stream : {"semantic", "generative", "fused"}) {
      SameLineIfRoom(stream);
      if (c.ui.Radio(stream, c.state.tokens == stream)) c.state.tokens = stream;
    }
    if (hover.camera >= 0) Matches(c, call, pictures, hover);
    const float count = 3.0f * static_cast<float>(clips.size());
    Components(c, call, ImGui::GetContentRegionAvail().x / count - gap);
  }
  ClipStrip(c, call);
}

}  // namespace vega
