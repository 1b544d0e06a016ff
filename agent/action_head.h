// Fused tokens, words and proprio to an action chunk. Layers over the fused tokens, told by the
// instruction and proprio what to look for, as a diffusion transformer is told the time (adaLN;
// Peebles and Xie, 2023); then learnt queries, one an action, read tokens and words out. The chunk
// comes at once, or by flow matching (Lipman et al., 2023): the queries then carry a chunk of noise
// that the head's velocity turns into actions. Our own design; VEGA-3D publishes none for robots.

#pragma once

#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <vector>

#include "agent/config.h"

namespace vega {

// Pre-norm self-attention and MLP with exact GELU over the fused tokens; scales and shifts of both
// norms come from the condition.
class TokenLayerImpl : public torch::nn::Module {
 public:
  explicit TokenLayerImpl(const ActionHeadOptions& options);
  // x [B,N,D], condition [B,Q] -> [B,N,D]
  at::Tensor forward(const at::Tensor& x, const at::Tensor& condition);

 private:
  int64_t num_heads_;
  torch::nn::LayerNorm norm1_, norm2_;
  torch::nn::Linear qkv_, out_, fc1_, fc2_, modulation_;
  at::Tensor strength_;  // [4*D] of the modulation, small at first
};
TORCH_MODULE(TokenLayer);

// Pre-norm attention of the queries over a memory, over each other, and an MLP.
class QueryLayerImpl : public torch::nn::Module {
 public:
  explicit QueryLayerImpl(const ActionHeadOptions& options);
  // x [B,K,Q], memory [B,L,Q] -> [B,K,Q]; mask [B,1,1,L] bool, false where nobody may look, or
  // undefined
  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const at::Tensor& mask);

 private:
  int64_t num_heads_;
  torch::nn::LayerNorm norm1_, norm2_, norm3_;
  torch::nn::Linear query_, key_value_, read_, qkv_, out_, fc1_, fc2_;
};
TORCH_MODULE(QueryLayer);

// What a head reads besides the fused tokens.
struct HeadInput {
  at::Tensor fused;      // [B,cameras,N,token_dim]
  at::Tensor words;      // [B,L,text_dim]
  at::Tensor sentence;   // [B,text_dim]
  at::Tensor proprio;    // [B,P] normalised to [-1,1]
  at::Tensor word_mask;  // [B,L] bool, false where a row is padding; undefined where none is
  // Of a flow-matching head only: the chunk on its way from noise (time 0) to actions (time 1).
  at::Tensor noisy;  // [B,K,A]
  at::Tensor time;   // [B] in [0,1]
};

struct HeadOutput {
  at::Tensor actions;  // [B,K,A]: before the tanh, or the velocity actions - noise of a flow
  at::Tensor tokens;   // [B,cameras,N,D] where the fused tokens went
  at::Tensor summary;  // [B,Q] of a query of no action
};

class ActionHeadImpl : public torch::nn::Module {
 public:
  explicit ActionHeadImpl(const ActionHeadOptions& options);

  // Throws Error on other shapes.
  HeadOutput Run(const HeadInput& input);
  // Actions [B,K,A] in [-1,1], before the contract's bounds are applied. A flow starts from `noise`
  // [B,K,A], standard normal, and takes flow_steps Euler steps.
  at::Tensor forward(const HeadInput& input, const at::Tensor& noise = {});
  const ActionHeadOptions& options() const { return options_; }

 private:
  ActionHeadOptions options_;
  torch::nn::Linear condition1_, condition2_;
  torch::nn::Linear token_in_, token_out_, word_in_, query_in_, action_out_;
  torch::nn::Linear noisy_in_{nullptr}, time_in_{nullptr};  // of a flow
  at::Tensor camera_embedding_;                             // [cameras,1,D]
  at::Tensor token_embedding_;                              // [N,D]
  at::Tensor queries_;                                      // [1+K,Q], the first of no action
  std::vector<TokenLayer> token_layers_;
  std::vector<QueryLayer> query_layers_;
  torch::nn::LayerNorm token_norm_, query_norm_;
};
TORCH_MODULE(ActionHead);

}  // namespace vega
