// The two streams, their projectors and their fusion.

#include "agent/vega_model.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "agent/modules.h"
#include "agent/preprocess.h"
#include "agent/world_model_tower.h"
#include "sim/base/error.h"

namespace vega {

ProjectorImpl::ProjectorImpl(int64_t in, int64_t out)
    : first_(register_module("0", torch::nn::Linear(in, out))),
      second_(register_module("2", torch::nn::Linear(out, out))) {}

at::Tensor ProjectorImpl::forward(const at::Tensor& x) { return second_(at::gelu(first_(x))); }

VegaModelImpl::VegaModelImpl(const VegaModelOptions& o)
    : options(o),
      vae(register_module("vae", VideoVae(o.vae))),
      dit(register_module("dit", VideoDit(o.dit))),
      semantic(register_module("semantic", MakeVisionEncoder(o.semantic))),
      generative_projector(register_module(
          "generative_projector",
          Projector(o.tower == "semantic-mlp" ? o.semantic.hidden_size : o.dit.dim, o.fusion.dim))),
      mm_projector(
          register_module("mm_projector", Projector(o.semantic.hidden_size, o.fusion.dim))),
      feature_fusion(register_module("feature_fusion", FeatureFusion(o.fusion))),
      prompt_embedding(register_buffer("prompt_embedding", at::zeros({2, o.dit.text_dim}))) {
  if (o.frames != "independent" && o.frames != "clip") {
    throw Error(fmt::format("unknown frames mode '{}'", o.frames), "modes: independent, clip");
  }
}

at::Tensor VegaModelImpl::SemanticTokens(const at::Tensor& pixels) {
  const int64_t size = options.semantic.image_size;
  if (!options.registered) return semantic->forward(ResizeRegion(pixels, size));
  // a side that is no multiple of the patch ends in pixels no token covers: the region must not
  const int64_t covered = semantic->grid() * options.semantic.patch_size;
  const at::Tensor region = ResizeRegion(pixels, covered);
  return semantic->forward(
      covered == size ? region
                      : at::replication_pad2d(region, {0, size - covered, 0, size - covered}));
}

VegaFeatures VegaModelImpl::Fuse(const at::Tensor& semantic_tokens,
                                 const at::Tensor& generative_tokens,
                                 const at::Tensor& instruction) {
  VegaFeatures out;
  out.generative = options.tower == "semantic-mlp"
                       ? ResizeTokens(generative_projector(semantic_tokens), options.grid)
                       : generative_projector(generative_tokens);
  out.semantic = ResizeTokens(mm_projector(semantic_tokens), options.grid);
  FusedTokens fused = feature_fusion(out.semantic, out.generative, instruction);
  out.fused = fused.tokens;
  out.gate = fused.gate;
  return out;
}

std::shared_ptr<FeatureBackend> OpenBackend(VegaModel model) {
  const VegaModelOptions& o = model->options;
  // with semantic-mlp nothing reads them
  if (o.tower == "noise-only" || o.tower == "semantic-mlp") {
    return std::make_shared<RandomFeatureBackend>(o.dit.dim, o.grid);
  }
  if (o.tower != "world-model") {
    throw Error(fmt::format("unknown tower '{}' of a model", o.tower),
                "world-model, noise-only, semantic-mlp");
  }
  return std::make_shared<WorldModelTower>(model->vae, model->dit, model->prompt_embedding,
                                           WorldModelOptions{.height = o.height,
                                                             .width = o.width,
                                                             .block = o.block,
                                                             .timestep = o.timestep,
                                                             .shift = o.shift,
                                                             .pool = o.grid});
}

VegaPipeline::VegaPipeline(VegaModel model, std::shared_ptr<FeatureBackend> backend)
    : model_(std::move(model)), backend_(std::move(backend)) {
  if (backend_ == nullptr) backend_ = OpenBackend(model_);
  const TokenGrid grid = backend_->grid();
  const int64_t wanted = model_->options.grid;
  if (backend_->width() != model_->options.dit.dim || grid != TokenGrid{wanted, wanted}) {
    throw Error(fmt::format(
        "the feature backend gives {}x{} tokens of width {}, the model wants {}x{} of width {}",
        grid.height, grid.width, backend_->width(), wanted, wanted, model_->options.dit.dim));
  }
}

at::Tensor VegaPipeline::SemanticTokens(const at::Tensor& frames) const {
  const c10::InferenceMode guard;
  const VegaModelOptions& o = options();
  const at::Device device = model_->prompt_embedding.device();
  const at::Tensor pixels =
      FramesToPixels(frames.to(device), o.height, o.width).squeeze(2);  // [B,3,H,W]
  return model_->SemanticTokens(pixels);
}

VegaFeatures VegaPipeline::Extract(const FeatureRequest& request, StageTimes* times,
                                   const at::Tensor& instruction) const {
  const c10::InferenceMode guard;
  const VegaModelOptions& o = options();
  FeatureRequest seen = request;
  const at::Tensor newest = request.frames.slice(1, -1);  // [B,1,H,W,3]
  if (o.frames == "independent") seen.frames = newest;

  const VideoFeatures video = backend_->Extract(seen, times);
  at::Tensor semantic;  // [B,g*g,Ds]
  {
    const StageTimer timer(times, Stage::kSemantic);
    semantic = SemanticTokens(newest);
  }
  const StageTimer timer(times, Stage::kFusion);
  // a control's tokens are drawn on the CPU
  VegaFeatures out =
      model_->Fuse(semantic, video.pooled.select(1, -1).to(semantic.device()), instruction);
  out.video = video;
  return out;
}

}  // namespace vega
