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
      head(register_module("head", ActionHead(config.head))) {}

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

at::Tensor VegaAgentRunner::NormalizedProprio(const std::vector<double>& proprio) const {
  const AgentContract& c = config_.contract;
  if (proprio.size() != c.proprio_q01.size()) {
    throw Error(fmt::format("proprio has {} entries, the contract {}", proprio.size(),
                            c.proprio_q01.size()));
  }
  at::Tensor normalized = at::empty({1, static_cast<int64_t>(proprio.size())});  // [1,P]
  for (size_t i = 0; i < proprio.size(); ++i) {
    const double range = c.proprio_q99[i] - c.proprio_q01[i] + 1e-8;
    const double value = 2 * (proprio[i] - c.proprio_q01[i]) / range - 1;
    normalized.data_ptr<float>()[i] = static_cast<float>(std::clamp(value, -1.0, 1.0));
  }
  return normalized;
}

at::Tensor VegaAgentRunner::Act(const AgentRequest& request, StageTimes* times,
                                VegaFeatures* seen) const {
  const c10::InferenceMode guard;
  const at::Device device = agent_->model->prompt_embedding.device();
  const at::Tensor words = request.instruction.words.unsqueeze(0).to(device);        // [1,L,D]
  const at::Tensor sentence = request.instruction.sentence.unsqueeze(0).to(device);  // [1,D]
  const VegaFeatures features = pipeline_->Extract(request.clips, times);
  if (seen != nullptr) *seen = features;
  const StageTimer timer(times, Stage::kHead);
  const at::Tensor chunk = agent_->head(features.fused.unsqueeze(0), words, sentence,
                                        NormalizedProprio(request.proprio).to(device));
  const at::Tensor unit = chunk[0].to(at::kCPU, at::kDouble);  // [K,A] in [-1,1]
  const AgentContract& c = config_.contract;
  const at::Tensor low = at::tensor(c.action_q01, at::kDouble);   // [A]
  const at::Tensor high = at::tensor(c.action_q99, at::kDouble);  // [A]
  return (low + (unit + 1) * 0.5 * (high - low)).clamp_(-1, 1);
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
