#include "agent/train/start.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "agent/modules.h"
#include "agent/tensor_file.h"

namespace vega {
namespace {

// Weights of `from` whose names begin with one of `prefixes`, into the agent's; all must fit.
void Take(const TensorMap& from, const std::vector<std::string>& prefixes, VegaAgent& agent,
          const std::string& source) {
  TensorMap wanted = NamedTensors(*agent);
  for (auto& [name, tensor] : wanted) {
    const bool taken = std::any_of(prefixes.begin(), prefixes.end(),
                                   [&](const auto& prefix) { return name.starts_with(prefix); });
    const auto found = from.find(name);
    if (taken && found != from.end()) tensor = found->second;
  }
  LoadTensors(*agent, wanted, source);
}

}  // namespace

VegaAgent OpenStart(const Recipe& recipe, CheckpointConfig& config) {
  config = AgentOf(recipe);
  if (recipe.init.empty()) {
    VegaAgent agent(config);
    InitializeWeights(*agent, config.weights_seed);
    return agent;
  }
  const CheckpointConfig init = ReadCheckpointConfig(recipe.init);
  std::vector<std::string> prefixes;
  for (const std::string& part : recipe.init_parts) {
    if (part == "world") {
      prefixes.insert(prefixes.end(), {"model.vae.", "model.dit.", "model.prompt_embedding"});
      config.model.vae = init.model.vae;
      config.model.dit = init.model.dit;
    } else if (part == "semantic") {
      prefixes.emplace_back("model.semantic.");
      config.model.semantic = init.model.semantic;
    } else {
      prefixes.insert(prefixes.end(), {"model.generative_projector.", "model.mm_projector.",
                                       "model.feature_fusion.", "head.", "instruction_projector."});
      const double forced = config.model.fusion.forced_gate;
      config.model.fusion = init.model.fusion;
      if (forced >= 0) config.model.fusion.forced_gate = forced;
      config.model.grid = init.model.grid;
      config.head = init.head;
      const int open_loop = config.contract.open_loop;
      config.contract = init.contract;
      if (recipe.agent.contains("/contract/open_loop"_json_pointer)) {
        config.contract.open_loop = open_loop;
      }
    }
  }
  config = CheckpointConfigFromJson(ToJson(config), fmt::format("recipe {}", recipe.name));
  VegaAgent agent(config);
  InitializeWeights(*agent, config.weights_seed);
  const auto file = std::filesystem::path(recipe.init) / "model.safetensors";
  const TensorMap weights = ReadTensors(file);
  // of a world model, the prompt may have another length
  if (const auto prompt = weights.find("model.prompt_embedding"); prompt != weights.end()) {
    agent->model->prompt_embedding.set_data(at::zeros_like(prompt->second));
  }
  Take(weights, prefixes, agent, file.string());
  return agent;
}

void KeepInit(const Recipe& recipe, VegaAgent& agent) {
  const at::NoGradGuard guard;
  CheckpointConfig config;
  const TensorMap start = NamedTensors(*OpenStart(recipe, config));
  TensorMap mean = NamedTensors(*agent);
  for (auto& [name, weight] : mean) {
    weight = weight.lerp(start.at(name).to(weight.device()), recipe.keep_init);
  }
  LoadTensors(*agent, mean, recipe.init);
}

}  // namespace vega
