// SigLIP's vision transformer: one picture to a grid of semantic tokens. Keys as in Hugging Face's
// SiglipVisionModel.

#pragma once

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <vector>

#include "agent/config.h"

namespace vega {

// Pre-norm transformer layer with tanh GELU.
class SiglipLayerImpl : public torch::nn::Module {
 public:
  explicit SiglipLayerImpl(const SemanticEncoderOptions& options);
  at::Tensor forward(const at::Tensor& x);  // [B,N,D] -> same

 private:
  int64_t num_heads_;
  torch::nn::LayerNorm norm1_, norm2_;
  torch::nn::Linear q_, k_, v_, out_, fc1_, fc2_;
};
TORCH_MODULE(SiglipLayer);

class SemanticEncoderImpl : public torch::nn::Module {
 public:
  explicit SemanticEncoderImpl(const SemanticEncoderOptions& options);
  // pixels [B,3,H,W] in [-1,1], H = W = image_size -> tokens [B,N,D], row by row from the top left.
  // Throws Error on another shape.
  at::Tensor forward(const at::Tensor& pixels);
  int64_t grid() const { return options_.image_size / options_.patch_size; }
  const SemanticEncoderOptions& options() const { return options_; }

 private:
  SemanticEncoderOptions options_;
  torch::nn::Conv2d patch_embedding_;
  at::Tensor position_embedding_;  // [N,D]
  std::vector<SiglipLayer> layers_;
  torch::nn::LayerNorm post_norm_{nullptr};
};
TORCH_MODULE(SemanticEncoder);

}  // namespace vega
