// Fused tokens, words and proprio to an action chunk: one small transformer over all of them, read
// out at K learnt queries. Our own design; VEGA-3D publishes none for robots.

#pragma once

#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <vector>

#include "agent/config.h"

namespace vega {

// Pre-norm transformer layer with exact GELU.
class HeadLayerImpl : public torch::nn::Module {
 public:
  explicit HeadLayerImpl(const ActionHeadOptions& options);
  at::Tensor forward(const at::Tensor& x);  // [B,N,D] -> same

 private:
  int64_t num_heads_;
  torch::nn::LayerNorm norm1_, norm2_;
  torch::nn::Linear qkv_, out_, fc1_, fc2_;
};
TORCH_MODULE(HeadLayer);

class ActionHeadImpl : public torch::nn::Module {
 public:
  explicit ActionHeadImpl(const ActionHeadOptions& options);

  // fused [B,cameras,N,token_dim], words [B,L,text_dim], sentence [B,text_dim], proprio [B,P]
  // normalised to [-1,1] -> actions [B,K,A] in [-1,1], before the contract's bounds are applied.
  // Throws Error on other shapes.
  at::Tensor forward(const at::Tensor& fused, const at::Tensor& words, const at::Tensor& sentence,
                     const at::Tensor& proprio);
  const ActionHeadOptions& options() const { return options_; }

 private:
  ActionHeadOptions options_;
  torch::nn::Linear token_in_, word_in_, sentence_in_, proprio_in_, action_out_;
  at::Tensor camera_embedding_;  // [cameras,1,D]
  at::Tensor token_embedding_;   // [N,D]
  at::Tensor queries_;           // [K,D]
  std::vector<HeadLayer> layers_;
  torch::nn::LayerNorm norm_;
};
TORCH_MODULE(ActionHead);

}  // namespace vega
