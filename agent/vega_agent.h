// The whole agent: pipeline, instruction encoder and action head, with their weights.

#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/action_head.h"
#include "agent/checkpoint.h"
#include "agent/text_encoder.h"
#include "agent/vega_model.h"

namespace vega {

// Every weight a checkpoint holds; keys "model.*" and "head.*". The instruction encoder is not part
// of it: its weights are published and frozen.
struct VegaAgentImpl : torch::nn::Module {
  explicit VegaAgentImpl(const CheckpointConfig& config);
  // What instruction_token_gated reads of a sentence [B,text_dim] -> [B,D]; undefined where the
  // fusion reads none.
  at::Tensor Instruction(const at::Tensor& sentence);

  VegaModel model;
  ActionHead head;
  torch::nn::Linear instruction_projector{nullptr};
};
TORCH_MODULE(VegaAgent);

struct AgentRequest {
  FeatureRequest clips;         // frames [cameras,T,H,W,3], one noise key a camera
  TextEmbedding instruction;    // from VegaAgentRunner::text()
  std::vector<double> proprio;  // (P) in the contract's order and units
};

// What a run may change of a checkpoint's options.
struct AgentOverrides {
  std::optional<int64_t> block;     // k
  std::optional<int64_t> timestep;  // target
  std::string fusion;               // method, see agent/fusion.h; empty: the checkpoint's
  std::optional<double> gate;       // in [0,1], instead of the learnt one
};

// Proprio [...,P] in the contract's units to [-1,1], f32; and actions [...,A] in [-1,1] to the unit
// of the head and back, f64.
at::Tensor NormalizeProprio(const at::Tensor& proprio, const AgentContract& contract);
at::Tensor ActionsToUnit(const at::Tensor& actions, const AgentContract& contract);
at::Tensor UnitToActions(const at::Tensor& unit, const AgentContract& contract);

// An agent ready to act. Nothing changes after construction, so threads may share one.
class VegaAgentRunner {
 public:
  // The agent of a checkpoint folder; where `folder` is empty, an untrained one, its weights drawn
  // from config.weights_seed. Throws Error.
  explicit VegaAgentRunner(const CheckpointConfig& config, const std::string& device = "cpu",
                           const std::filesystem::path& folder = {});

  // Actions [K,A] f64 on the CPU, bounds applied, in [-1,1]. `times` and `seen`, which takes the
  // features behind the answer, may be null. Throws Error on an unusable request.
  at::Tensor Act(const AgentRequest& request, StageTimes* times = nullptr,
                 VegaFeatures* seen = nullptr) const;
  void Save(const std::filesystem::path& folder) const;

  const CheckpointConfig& config() const { return config_; }
  const VegaPipeline& pipeline() const { return *pipeline_; }
  const TextEncoder& text() const { return text_; }

 private:
  CheckpointConfig config_;
  TextEncoder text_;
  mutable VegaAgent agent_;  // forward() is not const in LibTorch, but changes nothing
  std::unique_ptr<VegaPipeline> pipeline_;
};

// The small agent that runs in milliseconds on one core, untrained.
CheckpointConfig VegaTinyConfig();

// "vega-tiny" or a checkpoint folder. Says on stderr when the weights are untrained. Throws Error.
std::shared_ptr<const VegaAgentRunner> OpenAgent(const std::string& name,
                                                 const std::string& device = "cpu",
                                                 const AgentOverrides& overrides = {});

}  // namespace vega
