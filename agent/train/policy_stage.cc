// The policy learns to do what the expert did: projectors, fusion and head, on the frozen world
// model's features, with the semantic encoder learning on where the recipe says so.

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/nn/modules/linear.h>

#include <algorithm>

#include "agent/modules.h"
#include "agent/preprocess.h"
#include "agent/train/augment.h"
#include "agent/train/paraphraser.h"
#include "agent/train/shard_cache.h"
#include "agent/train/stage.h"
#include "agent/train/texts.h"
#include "sim/base/error.h"
#include "sim/base/hash.h"
#include "sim/base/paths.h"

namespace vega {
namespace {

constexpr int64_t kRoles = 2;        // the object acted on, and where it must go
constexpr double kPointScale = 0.1;  // m: the size of errors that matter

// What only training knows and a policy is made to say: see PolicyStageOptions.
struct TruthHeads : torch::nn::Module {
  TruthHeads(const ActionHeadOptions& head, int64_t cells)
      : roles(register_module("roles", torch::nn::Linear(head.dim, cells * kRoles))),
        points(register_module("points", torch::nn::Linear(head.query_dim, kRoles * 3))) {}

  torch::nn::Linear roles, points;
};

// What a policy trained on these samples is to be shown; its own chunk, how much of it is played,
// and clip, and the bounds of its numbers where it has learnt with some already.
AgentContract ContractFor(const CheckpointConfig& config, const AgentContract& samples,
                          bool learnt) {
  AgentContract c = samples;
  c.chunk_length = static_cast<int>(config.head.chunk_length);
  c.open_loop = config.contract.open_loop;
  if (c.chunk_length > samples.chunk_length) {
    throw Error(fmt::format("the head's chunk of {} actions is longer than the samples' {}",
                            c.chunk_length, samples.chunk_length),
                "pack with a longer --chunk, or set head.chunk_length");
  }
  if (learnt) {
    c.proprio_q01 = config.contract.proprio_q01;
    c.proprio_q99 = config.contract.proprio_q99;
    c.action_q01 = config.contract.action_q01;
    c.action_q99 = config.contract.action_q99;
    return c;
  }
  for (size_t i = 0; i < c.action_q01.size(); ++i) {
    if (c.action_q99[i] - c.action_q01[i] < 0.02) {  // an axis that hardly moves
      c.action_q01[i] -= 0.01;
      c.action_q99[i] += 0.01;
    }
  }
  return c;
}

class PolicyStage : public TrainStage {
 public:
  explicit PolicyStage(const StageContext& c)
      : options_(c.options),
        samples_(c.samples),
        config_(Prepared(c)),
        agent_(c.agent),
        backend_(OpenBackend(agent_->model)),
        generative_(
            samples_, c.cache, FeatureKey(), [this](const auto& rows) { return Features(rows); },
            c.say),
        text_(Data().minilm),
        texts_(text_, Wordings(samples_.instructions(), options_.policy.paraphrases, c.seed),
               samples_.device()) {
    const int64_t cells = samples_.Gather("roles", {0}).size(2);
    if (cells % config_.model.grid != 0) {
      throw Error(fmt::format("{} cells of roles do not divide among a grid of {} tokens", cells,
                              config_.model.grid),
                  "choose another model.grid");
    }
    side_ = cells / config_.model.grid;
    truth_ = std::make_shared<TruthHeads>(config_.head, side_ * side_);
    truth_->to(samples_.device());
  }

  std::vector<Parameter> parameters() override {
    std::vector<Parameter> all;
    AddParameters("head", *agent_->head, 1, all);
    AddParameters("fusion", *agent_->model->feature_fusion, 1, all);
    AddParameters("generative_projector", *agent_->model->generative_projector, 1, all);
    AddParameters("mm_projector", *agent_->model->mm_projector, 1, all);
    AddParameters("truth", *truth_, 1, all);
    if (!agent_->instruction_projector.is_empty()) {
      AddParameters("instruction_projector", *agent_->instruction_projector, 1, all);
    }
    if (options_.policy.train_semantic) {
      AddParameters("semantic", *agent_->model->semantic, options_.policy.semantic_lr, all);
    }
    return all;
  }

  StepLoss Loss(const StepInput& in) override {
    at::Generator generator = in.generator;
    const PolicyStageOptions& o = options_.policy;
    const Targets t = TargetsOf(in.rows);
    HeadInput input = Inputs(in, generator);
    const bool flow = config_.head.flow_steps > 0;
    at::Tensor noise;
    if (flow) {
      noise = Normal(t.unit.sizes(), generator, t.unit);
      input.time = Uniform({t.unit.size(0)}, generator, t.unit);
      const at::Tensor s = input.time.view({-1, 1, 1});
      input.noisy = (1 - s) * noise + s * t.unit;
    }
    const HeadOutput out = agent_->head->Run(input);
    StepLoss loss;
    const at::Tensor actions = flow ? Mean((out.actions - (t.unit - noise)).square(), t.valid)
                                    : Mean((out.actions.tanh() - t.unit).abs(), t.valid);
    loss.parts[flow ? "velocity_mse" : "l1"] = actions;
    loss.total = actions;
    if (!flow && o.gripper > 0) {
      // tanh(x) > 0 with probability sigmoid(2 x)
      const at::Tensor gripper = at::binary_cross_entropy_with_logits(
          2 * out.actions.select(2, -1), t.unit.select(2, -1).gt(0).to(at::kFloat), {}, {},
          at::Reduction::None);
      loss.parts["gripper"] = Mean(gripper.unsqueeze(2), t.valid);
      loss.total = loss.total + o.gripper * loss.parts["gripper"];
    }
    if (o.roles > 0) {
      loss.parts["roles"] =
          at::binary_cross_entropy_with_logits(truth_->roles(out.tokens), t.roles);
      loss.total = loss.total + o.roles * loss.parts["roles"];
    }
    if (o.points > 0) {
      const at::Tensor error = (truth_->points(out.summary) - t.points / kPointScale).abs();
      const at::Tensor known = t.points.isfinite();
      loss.parts["points_cm"] =
          at::where(known, error, 0).sum() / known.sum().clamp_min(1) * kPointScale * 100;
      loss.total = loss.total + o.points * loss.parts["points_cm"] / (kPointScale * 100);
    }
    return loss;
  }

  std::map<std::string, double> Measure(const std::vector<int64_t>& rows) override {
    const Targets t = TargetsOf(rows);
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(rows[0]);
    at::Tensor gate;
    const HeadInput input = Inputs({.rows = rows, .learning = false}, generator, &gate);
    at::Tensor noise;
    if (config_.head.flow_steps > 0) {
      noise = Normal(t.unit.sizes(), generator, t.unit);
    }
    const at::Tensor unit = agent_->head(input, noise);
    const at::Tensor right =
        unit.select(2, -1).gt(0).eq(t.unit.select(2, -1).gt(0)).to(at::kFloat).unsqueeze(2);
    std::map<std::string, double> out = {
        {"action_l1", Mean((unit - t.unit).abs().slice(2, 0, -1), t.valid).item<double>()},
        {"gripper_accuracy", Mean(right, t.valid).item<double>()}};
    if (gate.defined()) out["gate"] = gate.mean().item<double>();
    return out;
  }

  void Finish(CheckpointConfig& config) override { config.contract = config_.contract; }

 private:
  struct Targets {
    at::Tensor unit;    // [B,K,A] what the head is to say
    at::Tensor valid;   // [B,K,1] 1 where the episode had not ended
    at::Tensor roles;   // [B,cameras,N,cells*roles] in {0,1}
    at::Tensor points;  // [B,roles*3] m, robot base; NaN where there is none
  };

  // the agent's contract becomes that of the samples
  static const CheckpointConfig& Prepared(const StageContext& c) {
    c.config.contract = ContractFor(c.config, c.samples.contract(), c.policy_learnt);
    if (c.config.model.frames == "independent") {
      c.config.contract.clip_length = c.config.contract.clip_stride = 1;
    }
    VegaAgent agent = c.agent;
    if (c.options.policy.features == "random-init") {
      InitializeWeights(*agent->model->vae, c.seed + 1);
      InitializeWeights(*agent->model->dit, c.seed + 1);
    } else if (c.options.policy.features == "noise-only") {
      c.config.model.tower = agent->model->options.tower = "noise-only";
    }
    return c.config;
  }

  // each instruction followed by its other wordings
  static std::vector<std::string> Wordings(const std::vector<std::string>& instructions,
                                           int64_t paraphrases, uint64_t seed) {
    if (paraphrases == 0) return instructions;
    const Paraphraser paraphraser;
    std::vector<std::string> all;
    for (const std::string& instruction : instructions) {
      all.push_back(instruction);
      const auto others = paraphraser.Paraphrase(instruction, static_cast<int>(paraphrases), seed);
      all.insert(all.end(), others.begin(), others.end());
    }
    return all;
  }

  // into texts_: while it learns every other sample hears other words
  std::vector<int64_t> Sentences(const StepInput& in, at::Generator& generator) const {
    std::vector<int64_t> ids = samples_.Instructions(in.rows);
    const int64_t wordings = 1 + options_.policy.paraphrases;
    const at::Tensor drawn = at::randint(2 * wordings, {static_cast<int64_t>(ids.size())},
                                         generator, at::TensorOptions(at::kLong));
    for (size_t i = 0; i < ids.size(); ++i) {
      const int64_t draw = drawn.const_data_ptr<int64_t>()[i];
      ids[i] = ids[i] * wordings + (in.learning && draw < wordings ? draw : 0);
    }
    return ids;
  }

  // mean over what is valid; x [B,K,any]
  static at::Tensor Mean(const at::Tensor& x, const at::Tensor& valid) {
    return (x * valid).sum() / (valid.sum() * x.size(2)).clamp_min(1);
  }

  std::string FeatureKey() const {
    const VegaModelOptions& o = config_.model;
    VegaModel model = agent_->model;
    if (o.tower != "world-model") return fmt::format("noise/{}x{}", o.grid, o.dit.dim);
    const at::Tensor prompt = model->prompt_embedding.cpu().contiguous();
    const uint64_t words = FastHash64(
        {static_cast<const std::byte*>(prompt.const_data_ptr()), prompt.nbytes()}, kHashSeed);
    return fmt::format("features/{}/{}/{:x}/k{} t{} s{} {}x{} g{} {}", LatentsKey(*model->vae),
                       TokensKey(*model->dit, o.block), words, o.block, o.timestep, o.shift,
                       o.width, o.height, o.grid, o.frames);
  }

  // [rows,cameras,N,Dg] of the newest frames
  at::Tensor Features(const std::vector<int64_t>& rows) const {
    FeatureRequest request;
    request.frames = samples_.Gather("frames", rows).flatten(0, 1);
    if (config_.model.frames == "independent") request.frames = request.frames.slice(1, -1);
    for (const int64_t row : rows) {
      for (const std::string& camera : config_.contract.cameras) {
        request.noise.push_back({0, samples_.Name(row) + "/" + camera, 0});
      }
    }
    return backend_->Extract(request, nullptr)
        .pooled.select(1, -1)
        .unflatten(0, {static_cast<int64_t>(rows.size()), -1});
  }

  HeadInput Inputs(const StepInput& in, at::Generator& generator, at::Tensor* gate = nullptr) {
    VegaModel model = agent_->model;
    const auto batch = static_cast<int64_t>(in.rows.size());
    at::Tensor pixels =
        FramesToPixels(samples_.Gather("frames", in.rows).flatten(0, 1).slice(1, -1),
                       config_.model.height, config_.model.width)
            .squeeze(2);  // [B*cameras,3,H,W]
    if (in.learning) pixels = Augment(pixels, options_.augmentation, generator);
    at::Tensor semantic;
    {
      const at::AutoGradMode learns(at::GradMode::is_enabled() && options_.policy.train_semantic);
      semantic = model->SemanticTokens(pixels);
    }
    const Texts::Batch text = texts_.Gather(Sentences(in, generator));
    const int64_t cameras = config_.head.num_cameras;
    at::Tensor instruction = agent_->Instruction(text.sentences);
    if (instruction.defined()) instruction = instruction.repeat_interleave(cameras, 0);
    const VegaFeatures features =
        model->Fuse(semantic, generative_.Gather(in.rows).flatten(0, 1), instruction);
    if (gate != nullptr && features.gate.defined()) *gate = features.gate.detach();
    at::Tensor proprio = NormalizeProprio(samples_.Gather("proprio", in.rows), config_.contract);
    const AugmentationOptions& a = options_.augmentation;
    if (in.learning) {
      proprio = proprio + a.proprio_noise * Normal(proprio.sizes(), generator, proprio);
      proprio = proprio * Uniform({batch, 1}, generator, proprio).ge(a.proprio_dropout);
    }
    return {.fused = features.fused.unflatten(0, {batch, cameras}),
            .words = text.words,
            .sentence = text.sentences,
            .proprio = proprio,
            .word_mask = text.mask};
  }

  Targets TargetsOf(const std::vector<int64_t>& rows) const {
    const int64_t length = config_.head.chunk_length, grid = config_.model.grid;
    Targets t;
    t.unit = ActionsToUnit(samples_.Gather("actions", rows).narrow(1, 0, length), config_.contract)
                 .to(at::kFloat);
    t.valid = samples_.Gather("valid", rows).narrow(1, 0, length).to(at::kFloat).unsqueeze(2);
    const at::Tensor bits = samples_.Gather("roles", rows);  // [B,cameras,h,w]
    t.roles = at::stack({bits.bitwise_and(1), bits.bitwise_and(2).ne(0).to(at::kByte)}, -1)
                  .to(at::kFloat)  // [B,cameras,h,w,roles]
                  .unflatten(3, {grid, side_})
                  .unflatten(2, {grid, side_})  // [B,cameras,G,s,G,s,roles]
                  .permute({0, 1, 2, 4, 3, 5, 6})
                  .flatten(4)
                  .flatten(2, 3);  // [B,cameras,N,cells*roles]
    t.points = samples_.Gather("points", rows).narrow(1, 0, kRoles * 3);
    return t;
  }

  const StageOptions& options_;
  const SampleStore& samples_;
  const CheckpointConfig& config_;
  VegaAgent agent_;
  std::shared_ptr<FeatureBackend> backend_;
  ShardCache generative_;
  TextEncoder text_;
  Texts texts_;
  int64_t side_ = 0;  // cells along a token's side
  std::shared_ptr<TruthHeads> truth_;
};

}  // namespace

std::unique_ptr<TrainStage> OpenPolicyStage(const StageContext& context) {
  return std::make_unique<PolicyStage>(context);
}

}  // namespace vega
