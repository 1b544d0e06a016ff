// From a config or a folder to an agent, and from a request to actions.

#include "agent/vega_agent.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "agent/device.h"
#include "agent/modules.h"
#include "sim/base/error.h"
#include "sim/base/paths.h"

namespace vega {

VegaAgentImpl::VegaAgentImpl(const CheckpointConfig& config)
    : model(register_module("model", VegaModel(config.model))),
      head(register_module("head", ActionHead(config.head))) {
  const std::string& fusion = config.model.fusion.method;
  if (fusion != "instruction_token_gated" && fusion != "context_gated") return;
  instruction_projector = register_module(
      "instruction_projector", torch::nn::Linear(config.head.text_dim, config.model.fusion.dim));
}

at::Tensor VegaAgentImpl::Instruction(const at::Tensor& sentence) {
  return instruction_projector.is_empty() ? at::Tensor() : instruction_projector(sentence);
}

at::Tensor NormalizeProprio(const at::Tensor& proprio, const AgentContract& c) {
  const at::Tensor low = at::tensor(c.proprio_q01, at::kDouble).to(proprio.device());
  const at::Tensor high = at::tensor(c.proprio_q99, at::kDouble).to(proprio.device());
  return (2 * (proprio.to(at::kDouble) - low) / (high - low + 1e-8) - 1)
      .clamp_(-1, 1)
      .to(at::kFloat);
}

at::Tensor ActionsToUnit(const at::Tensor& actions, const AgentContract& c) {
  const at::Tensor low = at::tensor(c.action_q01, at::kDouble).to(actions.device());
  const at::Tensor high = at::tensor(c.action_q99, at::kDouble).to(actions.device());
  return (2 * (actions.to(at::kDouble) - low) / (high - low) - 1).clamp_(-1, 1);
}

at::Tensor UnitToActions(const at::Tensor& unit, const AgentContract& c) {
  const at::Tensor low = at::tensor(c.action_q01, at::kDouble);
  const at::Tensor high = at::tensor(c.action_q99, at::kDouble);
  return (low + (unit.to(at::kDouble) + 1) * 0.5 * (high - low)).clamp_(-1, 1);
}

VegaAgentRunner::VegaAgentRunner(const CheckpointConfig& config, const std::string& device,
                                 const std::filesystem::path& folder)
    : config_(config), text_(Data().minilm), agent_(config) {
  const at::Device where = OpenDevice(device);
  if (folder.empty()) {
    InitializeWeights(*agent_, config.weights_seed);
    // the world model's prompt is the empty one, as published
    const at::Tensor prompt = text_.Encode("").words;  // [2,384]
    if (prompt.size(1) == config.model.dit.text_dim) agent_->model->prompt_embedding.copy_(prompt);
  } else {
    LoadCheckpointWeights(folder, *agent_);
    Freeze(*agent_);
  }
  agent_->to(where);
  pipeline_ = std::make_unique<VegaPipeline>(agent_->model);
}

void VegaAgentRunner::Save(const std::filesystem::path& folder) const {
  SaveCheckpoint(folder, config_, *agent_);
}

at::Tensor VegaAgentRunner::Act(const AgentRequest& request, StageTimes* times,
                                VegaFeatures* seen) const {
  const c10::InferenceMode guard;
  const AgentContract& contract = config_.contract;
  if (request.proprio.size() != contract.proprio_q01.size()) {
    throw Error(fmt::format("proprio has {} entries, the contract {}", request.proprio.size(),
                            contract.proprio_q01.size()));
  }
  const at::Device device = agent_->model->prompt_embedding.device();
  HeadInput input = {.words = request.instruction.words.unsqueeze(0).to(device),        // [1,L,D]
                     .sentence = request.instruction.sentence.unsqueeze(0).to(device),  // [1,D]
                     .proprio = NormalizeProprio(at::tensor(request.proprio, at::kDouble), contract)
                                    .unsqueeze(0)
                                    .to(device)};
  const VegaFeatures features =
      pipeline_->Extract(request.clips, times, agent_->Instruction(input.sentence));
  if (seen != nullptr) *seen = features;
  const StageTimer timer(times, Stage::kHead);
  input.fused = features.fused.unsqueeze(0);
  at::Tensor noise;  // [1,K,A]
  if (const ActionHeadOptions& head = config_.head; head.flow_steps > 0) {
    NoiseKey key;
    if (!request.clips.noise.empty()) key = request.clips.noise[0];
    key.stream += "/actions";
    noise = DrawNoise({key}, {head.chunk_length, head.action_dim}).to(device);
  }
  return UnitToActions(agent_->head(input, noise)[0].to(at::kCPU), contract);
}

CheckpointConfig VegaTinyConfig() {
  CheckpointConfig config;
  config.model = ModelPreset("vega-tiny");
  config.head.token_dim = config.model.fusion.dim;
  config.head.num_tokens = config.model.grid * config.model.grid;
  return config;
}

std::shared_ptr<const VegaAgentRunner> OpenAgent(const std::string& name, const std::string& device,
                                                 const AgentOverrides& overrides) {
  const bool preset = name == "vega-tiny";
  if (!preset && !std::filesystem::is_directory(name)) {
    throw Error(fmt::format("unknown model '{}'", name), "vega-tiny or a checkpoint folder");
  }
  CheckpointConfig config = preset ? VegaTinyConfig() : ReadCheckpointConfig(name);
  config.model.block = overrides.block.value_or(config.model.block);
  config.model.timestep = overrides.timestep.value_or(config.model.timestep);
  if (!overrides.fusion.empty()) config.model.fusion.method = overrides.fusion;
  config.model.fusion.forced_gate = overrides.gate.value_or(config.model.fusion.forced_gate);
  if (config.weights == "untrained") {
    fmt::print(stderr, "vega: model {} is untrained: its weights are drawn from seed {}\n", name,
               config.weights_seed);
  }
  return std::make_shared<const VegaAgentRunner>(
      config, device, preset ? std::filesystem::path() : std::filesystem::path(name));
}

}  // namespace vega
