// SigLIP's vision transformer: one picture to a grid of semantic tokens. Keys as in Hugging Face's
// SiglipVisionModel.

#pragma once

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <vector>

#include "agent/vision_encoder.h"

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

class SemanticEncoderImpl : public VisionEncoder {
 public:
  explicit SemanticEncoderImpl(const SemanticEncoderOptions& options);
  at::Tensor forward(const at::Tensor& pixels) override;

 private:
  torch::nn::Conv2d patch_embedding_;
  at::Tensor position_embedding_;  // [N,D]
  std::vector<SiglipLayer> layers_;
  torch::nn::LayerNorm post_norm_{nullptr};
};
TORCH_MODULE(SemanticEncoder);

}  // namespace vega
