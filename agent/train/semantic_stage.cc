// The semantic encoder learns words for what it sees: the instruction a picture belongs to, and the
// name of what fills each small cell of it.

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/nn/modules/linear.h>

#include <algorithm>
#include <cmath>

#include "agent/preprocess.h"
#include "agent/train/augment.h"
#include "agent/train/stage.h"
#include "agent/train/texts.h"
#include "sim/base/error.h"
#include "sim/base/paths.h"

namespace vega {
namespace {

constexpr int64_t kShared = 96;  // width in which words and pictures meet

// akita_black_bowl -> akita black bowl
std::vector<std::string> Spoken(std::vector<std::string> names) {
  for (std::string& name : names) std::replace(name.begin(), name.end(), '_', ' ');
  return names;
}

// What only training needs.
struct GroundingHeads : torch::nn::Module {
  GroundingHeads(int64_t width, int64_t cells, int64_t text_dim)
      : cell(register_module("cell", torch::nn::Linear(width, cells * kShared))),
        name(register_module("name", torch::nn::Linear(text_dim, kShared))),
        image(register_module("image", torch::nn::Linear(width, kShared))),
        sentence(register_module("sentence", torch::nn::Linear(text_dim, kShared))),
        scale(register_parameter("scale", at::scalar_tensor(std::log(10.0)))),
        bias(register_parameter("bias", at::scalar_tensor(-10.0))) {}

  torch::nn::Linear cell, name, image, sentence;
  at::Tensor scale, bias;  // of the sigmoid loss, as SigLIP begins
};

class SemanticStage : public TrainStage {
 public:
  explicit SemanticStage(const StageContext& c)
      : options_(c.options),
        samples_(c.samples),
        config_(c.config),
        model_(c.agent->model),
        text_(Data().minilm),
        instructions_(text_, samples_.instructions(), samples_.device()),
        names_(text_, Spoken(samples_.categories()), samples_.device()) {
    // a token's cells: those of the pack's segmentation that lie under it
    const int64_t cells = samples_.Gather("segmentation", {0}).size(2);
    const int64_t grid = model_->semantic->grid();
    if (cells % grid != 0) {
      throw Error(
          fmt::format("{} cells of segmentation do not divide among {} tokens", cells, grid),
          "choose another semantic patch_size");
    }
    side_ = cells / grid;
    heads_ = std::make_shared<GroundingHeads>(config_.model.semantic.hidden_size, side_ * side_,
                                              instructions_.sentences().size(1));
    heads_->to(samples_.device());
  }

  std::vector<Parameter> parameters() override {
    std::vector<Parameter> all;
    AddParameters("semantic", *model_->semantic, 1, all);
    AddParameters("heads", *heads_, 1, all);
    return all;
  }

  StepLoss Loss(const StepInput& in) override {
    const Answers a = Answer(in);
    const int64_t categories = names_.sentences().size(0);
    const at::Tensor cells =
        at::cross_entropy_loss(a.cells.reshape({-1, categories}), a.truth.flatten());
    // every picture against every instruction of the batch (Zhai et al., 2023, algorithm 1)
    const at::Tensor logits =
        at::matmul(Unit(heads_->image(a.tokens.mean(1))),
                   Unit(heads_->sentence(instructions_.Gather(a.instructions).sentences)).t()) *
            heads_->scale.exp() +
        heads_->bias;  // [B,B]
    const at::Tensor ids = at::tensor(a.instructions, at::kLong).to(logits.device());
    const at::Tensor sign = ids.unsqueeze(1).eq(ids.unsqueeze(0)).to(at::kFloat) * 2 - 1;  // [B,B]
    const at::Tensor language =
        -at::log_sigmoid(sign * logits).sum() / static_cast<double>(ids.size(0));
    return {.total = options_.semantic.segmentation * cells + options_.semantic.language * language,
            .parts = {{"cells", cells}, {"language", language}}};
  }

  // pictures are told from the batch's other instructions
  bool divisible() const override { return false; }

  std::map<std::string, double> Measure(const std::vector<int64_t>& rows) override {
    const Answers a = Answer({.rows = rows, .learning = false});
    const at::Tensor right = a.cells.argmax(-1).eq(a.truth);
    const auto& names = samples_.categories();
    const int64_t background = std::find(names.begin(), names.end(), "background") - names.begin();
    const at::Tensor thing = a.truth.ne(background);
    return {{"cell_accuracy", right.to(at::kDouble).mean().item<double>()},
            {"object_accuracy", right.masked_select(thing).to(at::kDouble).mean().item<double>()}};
  }

 private:
  struct Answers {
    at::Tensor tokens;                  // [B,N,Ds]
    at::Tensor cells;                   // [B,N,cells,categories] logits
    at::Tensor truth;                   // [B,N,cells] i64
    std::vector<int64_t> instructions;  // (B)
  };

  static at::Tensor Unit(const at::Tensor& x) {
    return x / at::linalg_vector_norm(x, 2, at::IntArrayRef({-1}), true).clamp_min(1e-6);
  }

  Answers Answer(const StepInput& in) {
    at::Generator generator = in.generator;
    const int64_t cameras = samples_.contract().cameras.size();
    at::Tensor pixels =
        FramesToPixels(samples_.Gather("frames", in.rows).flatten(0, 1).slice(1, -1),
                       config_.model.height, config_.model.width)
            .squeeze(2);  // [B,3,H,W]
    // cells say what is where, so pictures are not shifted
    if (in.learning) pixels = ColourJitter(pixels, options_.augmentation, generator);
    Answers out;
    out.tokens = model_->SemanticTokens(pixels);
    const int64_t grid = model_->semantic->grid();
    out.truth = samples_.Categories(in.rows)
                    .flatten(0, 1)
                    .unflatten(2, {grid, side_})
                    .unflatten(1, {grid, side_})  // [B,g,s,g,s]
                    .permute({0, 1, 3, 2, 4})
                    .flatten(3)
                    .flatten(1, 2);  // [B,N,cells]
    const at::Tensor seen = heads_->cell(out.tokens).unflatten(-1, {-1, kShared});
    out.cells = at::matmul(seen, heads_->name(names_.sentences()).t());
    for (const int64_t id : samples_.Instructions(in.rows)) {
      out.instructions.insert(out.instructions.end(), cameras, id);
    }
    return out;
  }

  const StageOptions& options_;
  const SampleStore& samples_;
  const CheckpointConfig& config_;
  VegaModel model_;
  TextEncoder text_;
  Texts instructions_, names_;
  int64_t side_ = 0;  // cells along a token's side
  std::shared_ptr<GroundingHeads> heads_;
};

}  // namespace

std::unique_ptr<TrainStage> OpenSemanticStage(const StageContext& context) {
  return std::make_unique<SemanticStage>(context);
}

}  // namespace vega
