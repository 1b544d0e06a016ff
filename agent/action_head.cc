// The action head's forward pass.

#include "agent/action_head.h"

#include <ATen/ATen.h>

#include "agent/modules.h"
#include "agent/shapes.h"

namespace vega {
namespace {

using torch::nn::LayerNorm;
using torch::nn::LayerNormOptions;
using torch::nn::Linear;

LayerNorm Norm(int64_t dim) { return LayerNorm(LayerNormOptions({dim})); }

}  // namespace

HeadLayerImpl::HeadLayerImpl(const ActionHeadOptions& o)
    : num_heads_(o.num_heads),
      norm1_(register_module("norm1", Norm(o.dim))),
      norm2_(register_module("norm2", Norm(o.dim))),
      qkv_(register_module("qkv", Linear(o.dim, 3 * o.dim))),
      out_(register_module("out", Linear(o.dim, o.dim))),
      fc1_(register_module("fc1", Linear(o.dim, o.ffn_dim))),
      fc2_(register_module("fc2", Linear(o.ffn_dim, o.dim))) {}

at::Tensor HeadLayerImpl::forward(const at::Tensor& x) {
  const auto qkv = qkv_(norm1_(x)).unflatten(-1, {3, num_heads_, -1}).permute({2, 0, 3, 1, 4});
  const at::Tensor y = at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]);  // [B,M,N,d]
  const at::Tensor z = x + out_(y.transpose(1, 2).flatten(2));                    // [B,N,D]
  return z + fc2_(at::gelu(fc1_(norm2_(z))));
}

ActionHeadImpl::ActionHeadImpl(const ActionHeadOptions& o)
    : options_(o),
      token_in_(register_module("token_in", Linear(o.token_dim, o.dim))),
      word_in_(register_module("word_in", Linear(o.text_dim, o.dim))),
      sentence_in_(register_module("sentence_in", Linear(o.text_dim, o.dim))),
      proprio_in_(register_module("proprio_in", Linear(o.proprio_dim, o.dim))),
      action_out_(register_module("action_out", Linear(o.dim, o.action_dim))),
      camera_embedding_(
          register_parameter("camera_embedding", at::zeros({o.num_cameras, 1, o.dim}))),
      token_embedding_(register_parameter("token_embedding", at::zeros({o.num_tokens, o.dim}))),
      queries_(register_parameter("queries", at::zeros({o.chunk_length, o.dim}))),
      norm_(register_module("norm", Norm(o.dim))) {
  for (int64_t i = 0; i < o.num_layers; ++i) {
    layers_.push_back(RegisterAt(*this, "layers." + std::to_string(i), HeadLayer(o)));
  }
}

at::Tensor ActionHeadImpl::forward(const at::Tensor& fused, const at::Tensor& words,
                                   const at::Tensor& sentence, const at::Tensor& proprio) {
  const ActionHeadOptions& o = options_;
  const int64_t batch = fused.size(0);
  RequireShape(fused, {batch, o.num_cameras, o.num_tokens, o.token_dim}, "fused tokens",
               "[B,cameras,N,D]");
  RequireShape(words, {batch, -1, o.text_dim}, "words", "[B,L,D]");
  RequireShape(sentence, {batch, o.text_dim}, "sentence", "[B,D]");
  RequireShape(proprio, {batch, o.proprio_dim}, "proprio", "[B,P]");
  const at::Tensor tokens = token_in_(fused) + camera_embedding_ + token_embedding_;
  at::Tensor x = at::cat({queries_.expand({batch, -1, -1}), tokens.flatten(1, 2), word_in_(words),
                          sentence_in_(sentence).unsqueeze(1), proprio_in_(proprio).unsqueeze(1)},
                         1);  // [B,K+cameras*N+L+2,D]
  for (auto& layer : layers_) x = layer(x);
  return action_out_(norm_(x.narrow(1, 0, o.chunk_length))).tanh();  // [B,K,A]
}

}  // namespace vega
