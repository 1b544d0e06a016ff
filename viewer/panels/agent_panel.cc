#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "viewer/commands.h"
#include "viewer/panels/panels.h"

namespace vega {
namespace {

const std::vector<std::string> kFusions = {"the checkpoint's",
                                           "add",
                                           "only",
                                           "weighted",
                                           "concat",
                                           "gated",
                                           "token_gated",
                                           "token_gated_residual",
                                           "instruction_token_gated",
                                           "cross_attention",
                                           "paper"};

void Choices(PanelContext& c) {
  ImGui::SetNextItemWidth(-6 * ImGui::GetFontSize());
  const std::string at_work = c.lane.session->policy_name();
  if (const auto name = c.ui.Combo("policy", at_work, c.catalog.policies)) {
    c.state.teleop = false;
    ChoosePolicy(c, {*name, {.device = c.policy.options.device}});
  }
  const PolicyOptions& options = c.policy.options;
  ImGui::SetNextItemWidth(-6 * ImGui::GetFontSize());
  const std::string fusion = options.fusion.empty() ? kFusions[0] : options.fusion;
  if (const auto method = c.ui.Combo("fusion", fusion, kFusions)) {
    PolicyChoice choice = c.policy;
    choice.options.fusion = *method == kFusions[0] ? "" : *method;
    ChoosePolicy(c, choice);
  }
  ImGui::AlignTextToFramePadding();
  ImGui::TextUnformatted("gate");
  const auto gate = [&](const char* label, std::optional<double> value) {
    SameLineIfRoom(label);
    if (!c.ui.Radio(label, options.gate == value)) return;
    PolicyChoice choice = c.policy;
    choice.options.gate = value;
    ChoosePolicy(c, choice);
  };
  gate("learnt", {});
  gate("0 generative", 0.0);
  gate("1 semantic", 1.0);
}

void Latencies(const PolicyCall& call) {
  DisabledText(fmt::format("asked at step {}, answered {} actions in {:.1f} ms", call.input.step,
                           call.chunk.size(), call.ms));
  if (!call.insight || call.insight->stage_ms.empty()) return;
  std::string text;
  for (const auto& [stage, ms] : call.insight->stage_ms) {
    char entry[64];
    std::snprintf(entry, sizeof entry, "%s%s %.1f", text.empty() ? "" : "   ", stage.c_str(), ms);
    text += entry;
  }
  DisabledText("ms: " + text);
}

}  // namespace

void AgentPanel(PanelContext& c) {
  Choices(c);
  ImGui::Separator();
  const PolicyCall* call = c.shown->call.get();
  if (call == nullptr) {
    ImGui::TextDisabled("The policy has not been asked yet.");
    return;
  }
  Latencies(*call);
  AgentPictures(c, *call);
}

}  // namespace vega
