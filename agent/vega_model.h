// The VEGA-3D pipeline: clips to fused tokens.
//
//   clip [B,T,H,W,3] -+- world model -> pooled tokens -> generative_projector --+
//                     |                                                         +-> fusion
//                     +- newest frame -> semantic encoder -> mm_projector ------+
//
// Both streams see the same region of the picture, so token i of one is token i of the other.

#pragma once

#include <torch/nn/modules/linear.h>

#include <memory>

#include "agent/config.h"
#include "agent/feature_backend.h"
#include "agent/fusion.h"
#include "agent/video_dit.h"
#include "agent/video_vae.h"
#include "agent/vision_encoder.h"

namespace vega {

// Linear, exact GELU, Linear; keys 0 and 2.
class ProjectorImpl : public torch::nn::Module {
 public:
  ProjectorImpl(int64_t in, int64_t out);
  at::Tensor forward(const at::Tensor& x);  // [...,in] -> [...,out]

 private:
  torch::nn::Linear first_, second_;
};
TORCH_MODULE(Projector);

struct VegaFeatures {
  VideoFeatures video;
  at::Tensor generative;  // [B,N,D] projected, N = G * G
  at::Tensor semantic;    // [B,N,D] projected
  at::Tensor fused;       // [B,N,D]
  at::Tensor gate;        // see FusedTokens::gate
};

// All weights of the pipeline.
struct VegaModelImpl : torch::nn::Module {
  explicit VegaModelImpl(const VegaModelOptions& options);

  // The semantic encoder alone, before its projector: pixels [B,3,H,W] in [-1,1], the region the
  // world model sees -> [B,g*g,Ds].
  at::Tensor SemanticTokens(const at::Tensor& pixels);
  // Both streams projected and fused: semantic [B,g*g,Ds], generative [B,N,Dg] -> all of the
  // result but `video`. `instruction` [B or 1,D] is needed by instruction_token_gated only.
  VegaFeatures Fuse(const at::Tensor& semantic, const at::Tensor& generative,
                    const at::Tensor& instruction);

  VegaModelOptions options;
  VideoVae vae;
  VideoDit dit;
  std::shared_ptr<VisionEncoder> semantic;
  Projector generative_projector, mm_projector;
  FeatureFusion feature_fusion;
  at::Tensor prompt_embedding;  // [L,text_dim] buffer; L = 2 rows of zeros until it is set
};
TORCH_MODULE(VegaModel);

// What gives the model its generative tokens: its own world model, or the control its options ask
// for. The model's weights are final. Throws Error on an unknown name.
std::shared_ptr<FeatureBackend> OpenBackend(VegaModel model);

// Runs a model whose weights are final. Nothing changes after construction, so threads may share a
// pipeline.
class VegaPipeline {
 public:
  // Without a backend the model's own, see OpenBackend. Throws Error when it does not fit.
  explicit VegaPipeline(VegaModel model, std::shared_ptr<FeatureBackend> backend = nullptr);

  // With independent frames only the newest frame of each clip is seen. instruction [B or 1,D] is
  // needed by instruction_token_gated only. `times` may be null. Throws Error on an unusable
  // request.
  VegaFeatures Extract(const FeatureRequest& request, StageTimes* times,
                       const at::Tensor& instruction = {}) const;
  // The semantic encoder alone, before its projector: frames [B,1,H,W,3] u8 -> [B,g*g,Ds]. Sees the
  // region of the picture that the world model sees.
  at::Tensor SemanticTokens(const at::Tensor& frames) const;
  const VegaModelOptions& options() const { return model_->options; }
  const std::shared_ptr<FeatureBackend>& backend() const { return backend_; }

 private:
  mutable VegaModel model_;  // forward() is not const in LibTorch, but changes nothing
  std::shared_ptr<FeatureBackend> backend_;
};

}  // namespace vega
