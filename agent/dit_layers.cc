// One block of the DiT; the reference is wan/modules/model.py of Wan2.1.

#include "agent/dit_layers.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>

#include "agent/attention.h"

namespace vega {
namespace {

// x + y gate; x and y [B,N,D], gate [B or 1,1,D] or undefined. In place where no gradient is taken:
// the stream is the block's own.
at::Tensor Add(at::Tensor x, const at::Tensor& y, const at::Tensor& gate = {}) {
  if (c10::GradMode::is_enabled() || x.scalar_type() != at::kFloat) {
    return gate.defined() ? x + y * gate : x + y;
  }
  if (!gate.defined()) return x.add_(y);
  return y.scalar_type() == at::kFloat ? x.addcmul_(y, gate) : x.add_(y * gate);
}

at::Tensor GeluTanh(at::Tensor x) {
  if (c10::GradMode::is_enabled()) return at::gelu(x, "tanh");
  return at::gelu_(x, "tanh");
}

}  // namespace

at::Tensor Modulate(const at::Tensor& x, const at::Tensor& shift, const at::Tensor& scale,
                    double eps) {
  const int64_t dim = x.size(-1);
  if (scale.size(0) == 1 && x.scalar_type() == at::kFloat) {
    return at::layer_norm(x, {dim}, scale[0] + 1, shift[0], eps);
  }
  // the norm is rounded to the stream's dtype, which is bf16 before the first gate
  const at::Tensor y = at::layer_norm(x.to(at::kFloat), {dim}, {}, {}, eps).to(x.scalar_type());
  return at::addcmul(shift.unsqueeze(1), y.to(at::kFloat), scale.unsqueeze(1) + 1);
}

WidthNormImpl::WidthNormImpl(int64_t dim, double eps)
    : eps_(eps), weight_(register_parameter("weight", Unset({dim}, 1))) {}

at::Tensor WidthNormImpl::forward(const at::Tensor& x) {
  if (x.scalar_type() == at::kFloat) return at::rms_norm(x, {x.size(-1)}, weight_, eps_);
  // rounded before the weight, as published
  return at::rms_norm(x.to(at::kFloat), {x.size(-1)}, {}, eps_).to(x.scalar_type()) * weight_;
}

AffineNormImpl::AffineNormImpl(int64_t dim, double eps)
    : eps_(eps),
      weight_(register_parameter("weight", Unset({dim}, 1))),
      bias_(register_parameter("bias", Unset({dim}))) {}

at::Tensor AffineNormImpl::forward(const at::Tensor& x) {
  return at::layer_norm(x.to(at::kFloat), {x.size(-1)}, weight_, bias_, eps_).to(x.scalar_type());
}

DitAttentionImpl::DitAttentionImpl(const VideoDitOptions& o)
    : num_heads_(o.num_heads),
      q_(register_module("q", Dense(o.dim, o.dim))),
      k_(register_module("k", Dense(o.dim, o.dim))),
      v_(register_module("v", Dense(o.dim, o.dim))),
      o_(register_module("o", Dense(o.dim, o.dim))),
      norm_q_(register_module("norm_q", WidthNorm(o.dim, o.eps))),
      norm_k_(register_module("norm_k", WidthNorm(o.dim, o.eps))) {}

at::Tensor DitAttentionImpl::OverTokens(const at::Tensor& x, const BlockInput& input) {
  // adjacent pairs of a head turn as complex numbers
  const auto turn = [&](const at::Tensor& t) {
    const at::Tensor pairs = t.unflatten(-1, {num_heads_, -1, 2});  // [B,N,M,d/2,2]
    const at::Tensor turned = at::view_as_complex(pairs) * input.rope.unsqueeze(1);
    return at::view_as_real(turned).flatten(-2).transpose(1, 2);  // [B,M,N,d]
  };
  const at::Tensor cast = x.to(q_->weight.scalar_type());  // [B,N,D]
  at::Tensor k = turn(norm_k_(k_(cast))), v = SplitHeads(v_(cast), num_heads_);
  if (input.valid >= 0) k = k.narrow(2, 0, input.valid), v = v.narrow(2, 0, input.valid);
  const at::Tensor y =
      Attend(turn(norm_q_(q_(cast))).to(v.scalar_type()), k.to(v.scalar_type()), v);  // [B,M,N,d]
  return o_(JoinHeads(y));
}

PromptContext::Block DitAttentionImpl::Prepare(const at::Tensor& context) {
  PromptContext::Block block;
  block.keys =
      SplitHeads(norm_k_(k_(context)), num_heads_).to(at::kFloat).contiguous();  // [B,M,L,d]
  const at::Tensor values = SplitHeads(v_(context), num_heads_).to(at::kFloat);  // [B,M,L,d]
  if (2 * num_heads_ * context.size(1) > o_->weight.size(0)) {
    block.values = values.contiguous();
  } else {
    // column groups of W, a head: [M,d,D]
    const at::Tensor columns = o_->weight.to(at::kFloat).t().unflatten(0, {num_heads_, -1});
    block.folded = at::matmul(values, columns).flatten(1, 2);  // [B,M*L,D]
  }
  return block;
}

at::Tensor DitAttentionImpl::OverPrompt(const at::Tensor& x, const PromptContext& prompt,
                                        size_t index) {
  const PromptContext::Block& block = prompt.blocks[index];
  const at::Tensor q = SplitHeads(norm_q_(q_(x)), num_heads_).to(at::kFloat);  // [B,M,N,d]
  if (block.folded.defined()) {
    const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(3)));
    at::Tensor logits = at::matmul(q, block.keys.transpose(2, 3)).mul_(scale);  // [B,M,N,L]
    if (prompt.logit_bias.defined()) logits = logits + prompt.logit_bias;
    const at::Tensor weights = logits.softmax(-1).transpose(1, 2).flatten(2);  // [B,N,M*L]
    return at::matmul(weights, block.folded) + o_->bias;
  }
  std::vector<int64_t> shape = block.keys.sizes().vec();
  shape[0] = x.size(0);
  std::optional<at::Tensor> bias;
  if (prompt.logit_bias.defined()) {
    bias = prompt.logit_bias.expand({x.size(0), num_heads_, x.size(1), shape[2]});
  }
  const at::Tensor y = at::scaled_dot_product_attention(q, block.keys.expand(shape),
                                                        block.values.expand(shape), bias);
  return o_(JoinHeads(y));
}

DitBlockImpl::DitBlockImpl(const VideoDitOptions& o)
    : eps_(o.eps),
      modulation_(register_parameter("modulation", Unset({1, 6, o.dim}))),
      self_attn_(register_module("self_attn", DitAttention(o))),
      cross_attn_(register_module("cross_attn", DitAttention(o))),
      ffn_up_(RegisterAt(*this, "ffn.0", Dense(o.dim, o.ffn_dim))),
      ffn_down_(RegisterAt(*this, "ffn.2", Dense(o.ffn_dim, o.dim))) {
  if (o.cross_attn_norm) norm3_ = register_module("norm3", AffineNorm(o.dim, o.eps));
}

at::Tensor DitBlockImpl::forward(at::Tensor x, const BlockInput& input, size_t index) {
  const auto m = (modulation_ + input.time).unbind(1);  // six of [B or 1,D]
  x = Add(x, self_attn_->OverTokens(Modulate(x, m[0], m[1], eps_), input), m[2].unsqueeze(1));
  const at::Tensor y = norm3_.is_empty() ? x : norm3_(x);
  x = Add(x, cross_attn_->OverPrompt(y, *input.prompt, index));
  return Add(x, ffn_down_(GeluTanh(ffn_up_(Modulate(x, m[3], m[4], eps_)))), m[5].unsqueeze(1));
}

VaceBlockImpl::VaceBlockImpl(const VideoDitOptions& o, bool first)
    : DitBlockImpl(o), after_(register_module("after_proj", Dense(o.dim, o.dim))) {
  if (first) before_ = register_module("before_proj", Dense(o.dim, o.dim));
}

}  // namespace vega
