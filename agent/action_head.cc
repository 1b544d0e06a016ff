// The action head's forward pass.

#include "agent/action_head.h"

#include <ATen/ATen.h>

#include <numbers>
#include <optional>

#include "agent/modules.h"
#include "agent/shapes.h"

namespace vega {
namespace {

using torch::nn::LayerNorm;
using torch::nn::LayerNormOptions;
using torch::nn::Linear;

LayerNorm Norm(int64_t dim) { return LayerNorm(LayerNormOptions({dim})); }

constexpr int64_t kTimeWaves = 16;

// time [B] in [0,1] -> [B,2*kTimeWaves]: sines and cosines of rising frequency
at::Tensor TimeWaves(const at::Tensor& time) {
  const at::Tensor turns = at::arange(kTimeWaves, time.options()).mul(0.5).exp2();
  const at::Tensor angle = at::outer(time, turns) * std::numbers::pi;
  return at::cat({angle.cos(), angle.sin()}, 1);
}

}  // namespace

HeadLayerImpl::HeadLayerImpl(const ActionHeadOptions& o)
    : num_heads_(o.num_heads),
      norm1_(register_module("norm1", Norm(o.dim))),
      norm2_(register_module("norm2", Norm(o.dim))),
      qkv_(register_module("qkv", Linear(o.dim, 3 * o.dim))),
      out_(register_module("out", Linear(o.dim, o.dim))),
      fc1_(register_module("fc1", Linear(o.dim, o.ffn_dim))),
      fc2_(register_module("fc2", Linear(o.ffn_dim, o.dim))) {}

at::Tensor HeadLayerImpl::forward(const at::Tensor& x, const at::Tensor& mask) {
  const auto qkv = qkv_(norm1_(x)).unflatten(-1, {3, num_heads_, -1}).permute({2, 0, 3, 1, 4});
  std::optional<at::Tensor> seen;
  if (mask.defined()) seen = mask;
  const at::Tensor y = at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], seen);  // [B,M,N,d]
  const at::Tensor z = x + out_(y.transpose(1, 2).flatten(2));                          // [B,N,D]
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
  if (o.flow_steps == 0) return;
  noisy_in_ = register_module("noisy_in", Linear(o.action_dim, o.dim));
  time_in_ = register_module("time_in", Linear(2 * kTimeWaves, o.dim));
}

HeadOutput ActionHeadImpl::Run(const HeadInput& in) {
  const ActionHeadOptions& o = options_;
  const int64_t batch = in.fused.size(0), length = in.words.size(1);
  RequireShape(in.fused, {batch, o.num_cameras, o.num_tokens, o.token_dim}, "fused tokens",
               "[B,cameras,N,D]");
  RequireShape(in.words, {batch, -1, o.text_dim}, "words", "[B,L,D]");
  RequireShape(in.sentence, {batch, o.text_dim}, "sentence", "[B,D]");
  RequireShape(in.proprio, {batch, o.proprio_dim}, "proprio", "[B,P]");
  at::Tensor queries = queries_.expand({batch, -1, -1});  // [B,K,D]
  if (o.flow_steps > 0) {
    RequireShape(in.noisy, {batch, o.chunk_length, o.action_dim}, "noisy chunk", "[B,K,A]");
    RequireShape(in.time, {batch}, "time", "[B]");
    queries = queries + noisy_in_(in.noisy) + time_in_(TimeWaves(in.time)).unsqueeze(1);
  }
  const at::Tensor tokens = token_in_(in.fused) + camera_embedding_ + token_embedding_;
  at::Tensor x =
      at::cat({queries, sentence_in_(in.sentence).unsqueeze(1),
               proprio_in_(in.proprio).unsqueeze(1), tokens.flatten(1, 2), word_in_(in.words)},
              1);   // [B,K+2+cameras*N+L,D]
  at::Tensor mask;  // [B,1,1,K+2+cameras*N+L]
  if (in.word_mask.defined()) {
    RequireShape(in.word_mask, {batch, length}, "word mask", "[B,L]");
    mask = at::cat({in.word_mask.new_ones({batch, x.size(1) - length}), in.word_mask}, 1)
               .unsqueeze(1)
               .unsqueeze(1);
  }
  for (auto& layer : layers_) x = layer(x, mask);
  x = norm_(x);
  const int64_t seen = o.num_cameras * o.num_tokens;
  return {.actions = action_out_(x.narrow(1, 0, o.chunk_length)),
          .tokens = x.narrow(1, o.chunk_length + 2, seen).unflatten(1, {o.num_cameras, -1}),
          .sentence = x.select(1, o.chunk_length)};
}

at::Tensor ActionHeadImpl::forward(const HeadInput& input, const at::Tensor& noise) {
  const int64_t steps = options_.flow_steps;
  if (steps == 0) return Run(input).actions.tanh();
  HeadInput in = input;
  in.noisy = noise;
  for (int64_t i = 0; i < steps; ++i) {
    in.time = at::full({noise.size(0)}, static_cast<double>(i) / static_cast<double>(steps),
                       noise.options());
    in.noisy = in.noisy + Run(in).actions / static_cast<double>(steps);
  }
  return in.noisy.clamp(-1, 1);
}

}  // namespace vega
