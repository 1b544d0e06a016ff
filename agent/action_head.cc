// The action head's forward pass.

#include "agent/action_head.h"

#include <ATen/ATen.h>

#include <numbers>

#include "agent/attention.h"
#include "agent/modules.h"
#include "agent/shapes.h"

namespace vega {
namespace {

using torch::nn::Linear;

constexpr int64_t kTimeWaves = 16;
constexpr double kFirstStrength = 0.1;

// time [B] in [0,1] -> [B,2*kTimeWaves]: sines and cosines of rising frequency
at::Tensor TimeWaves(const at::Tensor& time) {
  const at::Tensor turns = at::arange(kTimeWaves, time.options()).mul(0.5).exp2();
  const at::Tensor angle = at::outer(time, turns) * std::numbers::pi;
  return at::cat({angle.cos(), angle.sin()}, 1);
}

// [B,N,n*C] -> n of [B,M,N,C/M]
std::vector<at::Tensor> HeadsOfEach(const at::Tensor& x, int64_t n, int64_t num_heads) {
  std::vector<at::Tensor> parts = x.chunk(n, -1);
  for (at::Tensor& part : parts) part = SplitHeads(part, num_heads);
  return parts;
}

}  // namespace

TokenLayerImpl::TokenLayerImpl(const ActionHeadOptions& o)
    : num_heads_(o.num_heads),
      norm1_(register_module("norm1", Norm(o.dim))),
      norm2_(register_module("norm2", Norm(o.dim))),
      qkv_(register_module("qkv", Linear(o.dim, 3 * o.dim))),
      out_(register_module("out", Linear(o.dim, o.dim))),
      fc1_(register_module("fc1", Linear(o.dim, o.ffn_dim))),
      fc2_(register_module("fc2", Linear(o.ffn_dim, o.dim))),
      modulation_(register_module("modulation", Linear(o.query_dim, 4 * o.dim))),
      strength_(register_parameter("strength", at::full({4 * o.dim}, kFirstStrength))) {}

at::Tensor TokenLayerImpl::forward(const at::Tensor& x, const at::Tensor& condition) {
  const std::vector<at::Tensor> by =
      (modulation_(condition) * strength_).unsqueeze(1).chunk(4, -1);  // [B,1,D] each
  const auto qkv = HeadsOfEach(qkv_(norm1_(x) * (1 + by[0]) + by[1]), 3, num_heads_);
  const at::Tensor y = x + out_(JoinHeads(Attend(qkv[0], qkv[1], qkv[2])));  // [B,N,D]
  return y + fc2_(at::gelu(fc1_(norm2_(y) * (1 + by[2]) + by[3])));
}

QueryLayerImpl::QueryLayerImpl(const ActionHeadOptions& o)
    : num_heads_(o.query_num_heads),
      norm1_(register_module("norm1", Norm(o.query_dim))),
      norm2_(register_module("norm2", Norm(o.query_dim))),
      norm3_(register_module("norm3", Norm(o.query_dim))),
      query_(register_module("query", Linear(o.query_dim, o.query_dim))),
      key_value_(register_module("key_value", Linear(o.query_dim, 2 * o.query_dim))),
      read_(register_module("read", Linear(o.query_dim, o.query_dim))),
      qkv_(register_module("qkv", Linear(o.query_dim, 3 * o.query_dim))),
      out_(register_module("out", Linear(o.query_dim, o.query_dim))),
      fc1_(register_module("fc1", Linear(o.query_dim, o.query_ffn_dim))),
      fc2_(register_module("fc2", Linear(o.query_ffn_dim, o.query_dim))) {}

at::Tensor QueryLayerImpl::forward(const at::Tensor& x, const at::Tensor& memory,
                                   const at::Tensor& mask) {
  const auto seen = HeadsOfEach(key_value_(memory), 2, num_heads_);
  const at::Tensor q = SplitHeads(query_(norm1_(x)), num_heads_);
  const at::Tensor y = x + read_(JoinHeads(Attend(q, seen[0], seen[1], mask)));  // [B,K,Q]
  const auto qkv = HeadsOfEach(qkv_(norm2_(y)), 3, num_heads_);
  const at::Tensor z = y + out_(JoinHeads(Attend(qkv[0], qkv[1], qkv[2])));  // [B,K,Q]
  return z + fc2_(at::gelu(fc1_(norm3_(z))));
}

ActionHeadImpl::ActionHeadImpl(const ActionHeadOptions& o)
    : options_(o),
      condition1_(
          RegisterAt(*this, "condition.0", Linear(o.text_dim + o.proprio_dim, o.query_dim))),
      condition2_(RegisterAt(*this, "condition.2", Linear(o.query_dim, o.query_dim))),
      token_in_(register_module("token_in", Linear(o.token_dim, o.dim))),
      token_out_(register_module("token_out", Linear(o.dim, o.query_dim))),
      word_in_(register_module("word_in", Linear(o.text_dim, o.query_dim))),
      query_in_(register_module("query_in", Linear(o.query_dim, o.query_dim))),
      action_out_(register_module("action_out", Linear(o.query_dim, o.action_dim))),
      camera_embedding_(
          register_parameter("camera_embedding", at::zeros({o.num_cameras, 1, o.dim}))),
      token_embedding_(register_parameter("token_embedding", at::zeros({o.num_tokens, o.dim}))),
      queries_(register_parameter("queries", at::zeros({1 + o.chunk_length, o.query_dim}))),
      token_norm_(register_module("token_norm", Norm(o.dim))),
      query_norm_(register_module("query_norm", Norm(o.query_dim))) {
  for (int64_t i = 0; i < o.num_layers; ++i) {
    token_layers_.push_back(RegisterAt(*this, "token_layers." + std::to_string(i), TokenLayer(o)));
  }
  for (int64_t i = 0; i < o.query_num_layers; ++i) {
    query_layers_.push_back(RegisterAt(*this, "query_layers." + std::to_string(i), QueryLayer(o)));
  }
  if (o.flow_steps == 0) return;
  noisy_in_ = register_module("noisy_in", Linear(o.action_dim, o.query_dim));
  time_in_ = register_module("time_in", Linear(2 * kTimeWaves, o.query_dim));
}

HeadOutput ActionHeadImpl::Run(const HeadInput& in) {
  const ActionHeadOptions& o = options_;
  const int64_t batch = in.fused.size(0), length = in.words.size(1);
  RequireShape(in.fused, {batch, o.num_cameras, o.num_tokens, o.token_dim}, "fused tokens",
               "[B,cameras,N,D]");
  RequireShape(in.words, {batch, -1, o.text_dim}, "words", "[B,L,D]");
  RequireShape(in.sentence, {batch, o.text_dim}, "sentence", "[B,D]");
  RequireShape(in.proprio, {batch, o.proprio_dim}, "proprio", "[B,P]");
  const at::Tensor condition =
      at::gelu(condition2_(at::gelu(condition1_(at::cat({in.sentence, in.proprio}, 1)))));  // [B,Q]

  at::Tensor tokens = (token_in_(in.fused) + camera_embedding_ + token_embedding_).flatten(1, 2);
  for (TokenLayer& layer : token_layers_) tokens = layer(tokens, condition);
  tokens = token_norm_(tokens);  // [B,cameras*N,D]

  const at::Tensor memory = at::cat({token_out_(tokens), word_in_(in.words)}, 1);  // [B,.,Q]
  at::Tensor mask;  // [B,1,1,cameras*N+L]
  if (in.word_mask.defined()) {
    RequireShape(in.word_mask, {batch, length}, "word mask", "[B,L]");
    mask = at::cat({in.word_mask.new_ones({batch, tokens.size(1)}), in.word_mask}, 1)
               .unsqueeze(1)
               .unsqueeze(1);
  }
  at::Tensor x = queries_ + query_in_(condition).unsqueeze(1);  // [B,1+K,Q]
  if (o.flow_steps > 0) {
    RequireShape(in.noisy, {batch, o.chunk_length, o.action_dim}, "noisy chunk", "[B,K,A]");
    RequireShape(in.time, {batch}, "time", "[B]");
    const at::Tensor chunk = noisy_in_(in.noisy) + time_in_(TimeWaves(in.time)).unsqueeze(1);
    x = at::cat({x.narrow(1, 0, 1), x.narrow(1, 1, o.chunk_length) + chunk}, 1);
  }
  for (QueryLayer& layer : query_layers_) x = layer(x, memory, mask);
  x = query_norm_(x);
  return {.actions = action_out_(x.narrow(1, 1, o.chunk_length)),
          .tokens = tokens.unflatten(1, {o.num_cameras, -1}),
          .summary = x.select(1, 0)};
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
