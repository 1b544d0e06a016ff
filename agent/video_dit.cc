// The DiT's forward pass; the reference is wan/modules/model.py of Wan2.1.

#include "agent/video_dit.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "agent/modules.h"
#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {
namespace {

using torch::nn::LayerNorm;
using torch::nn::LayerNormOptions;
using torch::nn::Linear;

constexpr int64_t kMaxPositions = 1024;  // patches along one axis

// LN(x) (1 + scale) + shift; x [B,N,D], shift and scale [B or 1,D]
at::Tensor Modulate(const at::Tensor& x, const at::Tensor& shift, const at::Tensor& scale,
                    double eps) {
  const int64_t dim = x.size(-1);
  if (scale.size(0) == 1) return at::layer_norm(x, {dim}, scale[0] + 1, shift[0], eps);
  const at::Tensor y = at::layer_norm(x, {dim}, {}, {}, eps);
  return at::addcmul(shift.unsqueeze(1), y, scale.unsqueeze(1) + 1);
}

at::Tensor GeluTanh(const at::Tensor& x) { return at::gelu(x, "tanh"); }

// turns of one axis: exp(i position / 10000^(2j / dim)), [positions, dim/2] complex
at::Tensor AxisTurns(int64_t dim) {
  const at::Tensor j = at::arange(0, dim, 2, at::kDouble) / static_cast<double>(dim);
  const at::Tensor angle =
      at::outer(at::arange(kMaxPositions, at::kDouble), at::pow(10000.0, j).reciprocal());
  return at::polar(at::ones_like(angle), angle).to(at::kComplexFloat);
}

}  // namespace

WidthNormImpl::WidthNormImpl(int64_t dim, double eps)
    : eps_(eps), weight_(register_parameter("weight", at::ones({dim}))) {}

at::Tensor WidthNormImpl::forward(const at::Tensor& x) {
  return at::rms_norm(x, {x.size(-1)}, weight_, eps_);
}

DitAttentionImpl::DitAttentionImpl(const VideoDitOptions& o)
    : num_heads_(o.num_heads),
      q_(register_module("q", Linear(o.dim, o.dim))),
      k_(register_module("k", Linear(o.dim, o.dim))),
      v_(register_module("v", Linear(o.dim, o.dim))),
      o_(register_module("o", Linear(o.dim, o.dim))),
      norm_q_(register_module("norm_q", WidthNorm(o.dim, o.eps))),
      norm_k_(register_module("norm_k", WidthNorm(o.dim, o.eps))) {}

at::Tensor DitAttentionImpl::Heads(const at::Tensor& x) const {
  return x.unflatten(-1, {num_heads_, -1}).transpose(1, 2);
}

at::Tensor DitAttentionImpl::OverTokens(const at::Tensor& x, const at::Tensor& rope) {
  // adjacent pairs of a head turn as complex numbers
  const auto turn = [&](const at::Tensor& t) {
    const at::Tensor pairs = t.unflatten(-1, {num_heads_, -1, 2});  // [B,N,M,d/2,2]
    const at::Tensor turned = at::view_as_complex(pairs) * rope.unsqueeze(1);
    return at::view_as_real(turned).flatten(-2).transpose(1, 2);  // [B,M,N,d]
  };
  const at::Tensor y = at::scaled_dot_product_attention(turn(norm_q_(q_(x))), turn(norm_k_(k_(x))),
                                                        Heads(v_(x)));  // [B,M,N,d]
  return o_(y.transpose(1, 2).flatten(2));
}

void DitAttentionImpl::Prepare(const at::Tensor& context, PromptContext& prompt) {
  prompt.keys.push_back(Heads(norm_k_(k_(context))));  // [B,M,L,d]
  prompt.values.push_back(Heads(v_(context)));         // [B,M,L,d]
}

at::Tensor DitAttentionImpl::OverPrompt(const at::Tensor& x, const PromptContext& prompt,
                                        size_t block) {
  const at::Tensor q = Heads(norm_q_(q_(x)));  // [B,M,N,d]
  std::vector<int64_t> shape = prompt.keys[block].sizes().vec();
  shape[0] = x.size(0);
  std::optional<at::Tensor> bias;
  if (prompt.logit_bias.defined()) {
    bias = prompt.logit_bias.expand({x.size(0), num_heads_, x.size(1), shape[2]});
  }
  const at::Tensor y = at::scaled_dot_product_attention(q, prompt.keys[block].expand(shape),
                                                        prompt.values[block].expand(shape), bias);
  return o_(y.transpose(1, 2).flatten(2));
}

DitBlockImpl::DitBlockImpl(const VideoDitOptions& o)
    : eps_(o.eps),
      modulation_(register_parameter("modulation", at::zeros({1, 6, o.dim}))),
      self_attn_(register_module("self_attn", DitAttention(o))),
      cross_attn_(register_module("cross_attn", DitAttention(o))),
      norm3_(register_module("norm3", LayerNorm(LayerNormOptions({o.dim}).eps(o.eps)))),
      ffn_up_(RegisterAt(*this, "ffn.0", Linear(o.dim, o.ffn_dim))),
      ffn_down_(RegisterAt(*this, "ffn.2", Linear(o.ffn_dim, o.dim))) {}

at::Tensor DitBlockImpl::forward(at::Tensor x, const at::Tensor& time, const at::Tensor& rope,
                                 const PromptContext& prompt, size_t block) {
  const auto m = (modulation_ + time).unbind(1);  // six of [B or 1,D]
  at::Tensor y = self_attn_->OverTokens(Modulate(x, m[0], m[1], eps_), rope);
  x = at::addcmul(x, y, m[2].unsqueeze(1));
  x = x + cross_attn_->OverPrompt(norm3_(x), prompt, block);
  y = ffn_down_(GeluTanh(ffn_up_(Modulate(x, m[3], m[4], eps_))));
  return at::addcmul(x, y, m[5].unsqueeze(1));
}

VideoDitImpl::VideoDitImpl(const VideoDitOptions& o)
    : options_(o),
      text0_(RegisterAt(*this, "text_embedding.0", Linear(o.text_dim, o.dim))),
      text2_(RegisterAt(*this, "text_embedding.2", Linear(o.dim, o.dim))),
      time0_(RegisterAt(*this, "time_embedding.0", Linear(o.freq_dim, o.dim))),
      time2_(RegisterAt(*this, "time_embedding.2", Linear(o.dim, o.dim))),
      time_projection_(RegisterAt(*this, "time_projection.1", Linear(o.dim, 6 * o.dim))) {
  if (o.dim % (2 * o.num_heads) != 0 || o.patch_size.size() != 3 || o.freq_dim % 2 != 0) {
    throw Error("dit options do not fit together",
                "dim / num_heads and freq_dim are even, patch_size has three entries");
  }
  const int64_t pt = o.patch_size[0], ph = o.patch_size[1], pw = o.patch_size[2];
  torch::nn::Module& patch = GroupAt(*this, "patch_embedding");
  patch_weight_ = patch.register_parameter("weight", at::zeros({o.dim, o.in_dim, pt, ph, pw}));
  patch_bias_ = patch.register_parameter("bias", at::zeros({o.dim}));
  for (int64_t i = 0; i < o.num_layers; ++i) {
    blocks_.push_back(RegisterAt(*this, "blocks." + std::to_string(i), DitBlock(o)));
  }
  const int64_t d = o.dim / o.num_heads, spatial = 2 * (d / 6);
  rope_ = {AxisTurns(d - 2 * spatial), AxisTurns(spatial), AxisTurns(spatial)};
  if (!o.head) return;
  head_ = RegisterAt(*this, "head.head", Linear(o.dim, o.out_dim * pt * ph * pw));
  head_modulation_ =
      GroupAt(*this, "head").register_parameter("modulation", at::zeros({1, 2, o.dim}));
}

PromptContext VideoDitImpl::Prepare(const at::Tensor& context) {
  RequireShape(context, {-1, -1, options_.text_dim}, "prompt embedding", "[B,L,text_dim]");
  const int64_t words = context.size(1), padding = options_.text_len - words;
  if (padding < 0) {
    throw Error(
        fmt::format("a prompt of {} rows is longer than text_len = {}", words, options_.text_len));
  }
  PromptContext prompt;
  at::Tensor padded = context;  // [B,L,text_dim], with one row for all padding
  if (padding > 0) {
    padded = at::constant_pad_nd(context, {0, 0, 0, 1});
    prompt.logit_bias = at::zeros({1, 1, 1, words + 1}, context.options());
    prompt.logit_bias.select(3, words).fill_(std::log(static_cast<double>(padding)));
  }
  const at::Tensor x = text2_(GeluTanh(text0_(padded)));  // [B,L,D]
  for (auto& block : blocks_) block->cross_attention()->Prepare(x, prompt);
  return prompt;
}

at::Tensor VideoDitImpl::TimeEmbedding(const at::Tensor& timestep) {
  const int64_t half = options_.freq_dim / 2;
  const auto like = timestep.options().dtype(options_.f64_time ? at::kDouble : at::kFloat);
  const at::Tensor exponent = at::arange(half, like) * -std::log(10000.0) / half;
  const at::Tensor angle = at::outer(timestep.to(like), exponent.exp());  // [B,half]
  const at::Tensor x = at::cat({angle.cos(), angle.sin()}, 1).to(time0_->weight.dtype());
  return time2_(at::silu(time0_(x)));  // [B,D]
}

at::Tensor VideoDitImpl::Rope(at::IntArrayRef grid) const {
  std::vector<at::Tensor> turns;  // an axis: [t,h,w,pairs]
  for (int axis = 0; axis < 3; ++axis) {
    if (grid[axis] > kMaxPositions) {
      throw Error(
          fmt::format("{} patches along one axis: the limit is {}", grid[axis], kMaxPositions));
    }
    const at::Tensor turn = rope_[axis].narrow(0, 0, grid[axis]);
    std::vector<int64_t> view = {1, 1, 1, turn.size(1)};
    view[axis] = grid[axis];
    turns.push_back(turn.view(view).expand({grid[0], grid[1], grid[2], turn.size(1)}));
  }
  return at::cat(turns, 3).flatten(0, 2).to(patch_weight_.device());  // [N,d/2]
}

at::Tensor VideoDitImpl::Patchify(const at::Tensor& latents) const {
  const auto& p = options_.patch_size;
  const at::Tensor patches = latents.unflatten(4, {-1, p[2]})
                                 .unflatten(3, {-1, p[1]})
                                 .unflatten(2, {-1, p[0]})           // [B,C,t,pt,h,ph,w,pw]
                                 .permute({0, 2, 4, 6, 1, 3, 5, 7})  // [B,t,h,w,C,pt,ph,pw]
                                 .flatten(4)
                                 .flatten(1, 3);  // [B,N,C*pt*ph*pw]
  return at::linear(patches, patch_weight_.flatten(1), patch_bias_);
}

at::Tensor VideoDitImpl::Unpatchify(const at::Tensor& x, at::IntArrayRef grid) const {
  const auto& p = options_.patch_size;
  return x
      .unflatten(2, {p[0], p[1], p[2], options_.out_dim})  // [B,N,pt,ph,pw,C]
      .unflatten(1, {grid[0], grid[1], grid[2]})           // [B,t,h,w,pt,ph,pw,C]
      .permute({0, 7, 1, 4, 2, 5, 3, 6})                   // [B,C,t,pt,h,ph,w,pw]
      .flatten(6, 7)
      .flatten(4, 5)
      .flatten(2, 3);
}

at::Tensor VideoDitImpl::Features(const at::Tensor& latents, const at::Tensor& timestep,
                                  const PromptContext& prompt, int64_t block) {
  RequireShape(latents, {-1, options_.in_dim, -1, -1, -1}, "latents", "[B,C,t,h,w]");
  if (block < 0 || block >= options_.num_layers) {
    throw Error(fmt::format("there is no block {}: the model has blocks 0..{}", block,
                            options_.num_layers - 1));
  }
  const auto& p = options_.patch_size;
  const int64_t grid[] = {latents.size(2) / p[0], latents.size(3) / p[1], latents.size(4) / p[2]};
  if (grid[0] * p[0] != latents.size(2) || grid[1] * p[1] != latents.size(3) ||
      grid[2] * p[2] != latents.size(4)) {
    throw Error(fmt::format("latents {} do not divide into patches of {}x{}x{}",
                            ShapeText(latents.sizes()), p[0], p[1], p[2]));
  }
  const at::Tensor e = TimeEmbedding(timestep);                                 // [B or 1,D]
  const at::Tensor time = time_projection_(at::silu(e)).unflatten(1, {6, -1});  // [B or 1,6,D]
  const at::Tensor rope = Rope(grid);
  at::Tensor x = Patchify(latents);  // [B,N,D]
  for (int64_t i = 0; i <= block; ++i) x = blocks_[i](x, time, rope, prompt, i);
  return x;
}

at::Tensor VideoDitImpl::forward(const at::Tensor& latents, const at::Tensor& timestep,
                                 const PromptContext& prompt) {
  if (head_.is_empty()) throw Error("this video DiT was built without its head");
  const at::Tensor x = Features(latents, timestep, prompt, options_.num_layers - 1);
  const auto m = (head_modulation_ + TimeEmbedding(timestep).unsqueeze(1)).unbind(1);
  const auto& p = options_.patch_size;
  return Unpatchify(head_(Modulate(x, m[0], m[1], options_.eps)),
                    {latents.size(2) / p[0], latents.size(3) / p[1], latents.size(4) / p[2]});
}

}  // namespace vega
