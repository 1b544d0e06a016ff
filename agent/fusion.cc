// Every published way to fuse two token streams, one switch.

#include "agent/fusion.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "agent/attention.h"
#include "agent/modules.h"
#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {
namespace {

using torch::nn::Linear;

// half of the width from the row, half from the column, each [sin | cos] of index / 10000^(4i / D)
at::Tensor SinePosition(int64_t side, int64_t dim, const at::TensorOptions& like) {
  const int64_t quarter = dim / 4;
  const at::Tensor i = at::arange(quarter, at::kDouble) / static_cast<double>(quarter);
  const at::Tensor angle =
      at::outer(at::arange(side, at::kDouble), at::pow(10000.0, i).reciprocal());
  const at::Tensor axis = at::cat({angle.sin(), angle.cos()}, 1);              // [G,D/2]
  const at::Tensor rows = axis.unsqueeze(1).expand({side, side, dim / 2});     // [G,G,D/2]
  const at::Tensor columns = axis.unsqueeze(0).expand({side, side, dim / 2});  // [G,G,D/2]
  return at::cat({rows, columns}, 2).flatten(0, 1).to(like);                   // [N,D]
}

}  // namespace

FusionAttentionBlockImpl::FusionAttentionBlockImpl(int64_t dim, int64_t num_heads)
    : num_heads_(num_heads),
      norm_query_(register_module("norm1_query", Norm(dim))),
      norm_key_(register_module("norm1_key", Norm(dim))),
      norm_value_(register_module("norm1_value", Norm(dim))),
      norm2_(register_module("norm2", Norm(dim))),
      out_(RegisterAt(*this, "cross_attention.out_proj", Linear(dim, dim))),
      up_(RegisterAt(*this, "mlp.0", Linear(dim, 4 * dim))),
      down_(RegisterAt(*this, "mlp.3", Linear(4 * dim, dim))) {
  torch::nn::Module& attention = GroupAt(*this, "cross_attention");
  in_weight_ = attention.register_parameter("in_proj_weight", at::zeros({3 * dim, dim}));
  in_bias_ = attention.register_parameter("in_proj_bias", at::zeros({3 * dim}));
}

at::Tensor FusionAttentionBlockImpl::forward(const at::Tensor& s, const at::Tensor& v,
                                             const at::Tensor& position) {
  const auto weight = in_weight_.chunk(3);  // three of [D,D]
  const auto bias = in_bias_.chunk(3);      // three of [D]
  const auto heads = [&](const at::Tensor& x, int part) {
    return SplitHeads(at::linear(x, weight[part], bias[part]), num_heads_);  // [B,M,N,d]
  };
  const at::Tensor y = Attend(heads(norm_query_(s) + position, 0),
                              heads(norm_key_(v) + position, 1), heads(norm_value_(v), 2));
  const at::Tensor x = s + out_(JoinHeads(y));  // [B,N,D]
  return x + down_(at::gelu(up_(norm2_(x))));
}

FeatureFusionImpl::Method FeatureFusionImpl::ParseMethod(const std::string& name) {
  static constexpr std::pair<const char*, Method> kMethods[] = {
      {"add", Method::kAdd},
      {"only", Method::kOnly},
      {"weighted", Method::kWeighted},
      {"concat", Method::kConcat},
      {"gated", Method::kGated},
      {"token_gated", Method::kTokenGated},
      {"token_gated_residual", Method::kTokenGatedResidual},
      {"instruction_token_gated", Method::kInstructionTokenGated},
      {"context_gated", Method::kInstructionTokenGated},
      {"cross_attention", Method::kCrossAttention},
      {"paper", Method::kPaper}};
  std::string names;
  for (const auto& [known, method] : kMethods) {
    if (name == known) return method;
    names += (names.empty() ? "" : ", ") + std::string(known);
  }
  throw Error(fmt::format("unknown fusion method '{}'", name), "methods: " + names);
}

FeatureFusionImpl::FeatureFusionImpl(const FusionOptions& o)
    : options_(o), method_(ParseMethod(o.method)) {
  const bool gated = method_ != Method::kAdd && method_ != Method::kOnly &&
                     method_ != Method::kConcat && method_ != Method::kCrossAttention;
  if (o.forced_gate > 1 || (o.forced_gate >= 0 && !gated)) {
    throw Error(fmt::format("fusion '{}' cannot be given a gate of {}", o.method, o.forced_gate),
                gated ? "gates go from 0 (all generative) to 1 (all semantic)"
                      : "methods with a gate: weighted, gated, token_gated, token_gated_residual, "
                        "instruction_token_gated, paper");
  }
  const int64_t dim = o.dim;
  const auto scalar = [this](const char* name, double value) {
    return register_parameter(name, at::scalar_tensor(value));
  };
  if (method_ == Method::kWeighted) {
    weight_2d_ = scalar("weight_2d", 0.5);
    weight_gen_ = scalar(o.spatial_reasoning_keys ? "weight_3d" : "weight_gen", 0.5);
  } else if (method_ == Method::kCrossAttention) {
    for (int64_t i = 0; i < o.num_layers; ++i) {
      blocks_.push_back(RegisterAt(*this, "cross_attn_blocks." + std::to_string(i),
                                   FusionAttentionBlock(dim, o.num_heads)));
    }
  } else if (method_ == Method::kPaper) {
    norm1_ = register_module("ln_sem", Norm(dim));
    norm2_ = register_module("ln_gen", Norm(dim));
    gate_ = register_module("gate_proj", Linear(2 * dim, 1));
  } else if (method_ != Method::kAdd && method_ != Method::kOnly) {
    norm1_ = register_module("norm1", Norm(dim));
    norm2_ = register_module("norm2", Norm(dim));
  }
  switch (method_) {
    case Method::kConcat:
      projection_ = register_module("projection", Linear(2 * dim, dim));
      break;
    case Method::kGated:
      gate_ = RegisterAt(*this, "gate_projection.0", Linear(2 * dim, dim));
      break;
    case Method::kTokenGatedResidual:
      residual_scale_ = scalar("residual_scale", 0.2);
      [[fallthrough]];
    case Method::kTokenGated:
      gate_ = RegisterAt(*this, "gate_projection.0", Linear(2 * dim, 1));
      break;
    case Method::kInstructionTokenGated:
      gate_ = register_module("gate_projection", Linear(2 * dim, 1));
      norm_context_ = register_module("norm_ctx", Norm(dim));
      context0_ = RegisterAt(*this, "ctx_projection.0", Linear(dim, dim / 2));
      context2_ = RegisterAt(*this, "ctx_projection.2", Linear(dim / 2, 1));
      context_scale_ = scalar("context_scale", 1.0);
      gate_bias_ = scalar("gate_bias", -0.5);
      break;
    default:
      break;
  }
}

at::Tensor FeatureFusionImpl::Gate(const at::Tensor& first, const at::Tensor& second,
                                   const at::Tensor& instruction) {
  at::Tensor logit = gate_(at::cat({first, second}, -1));  // [B,N,1] or [B,N,D]
  if (options_.forced_gate >= 0) return at::full_like(logit, options_.forced_gate);
  if (method_ == Method::kInstructionTokenGated) {
    RequireShape(instruction, {-1, options_.dim}, "instruction", "[B,D]");
    const at::Tensor context =
        context2_(at::silu(context0_(norm_context_(instruction))));  // [B or 1,1]
    logit = logit + gate_bias_ + context_scale_ * context.unsqueeze(1);
  }
  return logit.sigmoid();
}

FusedTokens FeatureFusionImpl::MixByGate(const at::Tensor& s, const at::Tensor& v,
                                         const at::Tensor& instruction) {
  const at::Tensor ns = norm1_(s), nv = norm2_(v);  // [B,N,D]
  const bool raw = method_ == Method::kPaper || method_ == Method::kTokenGatedResidual;
  const at::Tensor g =
      method_ == Method::kPaper ? Gate(nv, ns, instruction) : Gate(ns, nv, instruction);
  at::Tensor mixed = g * (raw ? s : ns) + (1 - g) * (raw ? v : nv);  // [B,N,D]
  if (method_ == Method::kTokenGatedResidual) mixed = s + residual_scale_ * (mixed - s);
  return {mixed, g};
}

FusedTokens FeatureFusionImpl::forward(const at::Tensor& s, const at::Tensor& v,
                                       const at::Tensor& instruction) {
  RequireShape(s, {-1, -1, options_.dim}, "semantic tokens", "[B,N,D]");
  RequireShape(v, {s.size(0), s.size(1), options_.dim}, "generative tokens", "[B,N,D]");
  const int64_t side = std::lround(std::sqrt(static_cast<double>(s.size(1))));
  if (side * side != s.size(1)) {
    throw Error(fmt::format("fusion needs a square grid of tokens, not {}", s.size(1)));
  }
  switch (method_) {
    case Method::kAdd:
      return {s + v, {}};
    case Method::kOnly:
      return {v, {}};
    case Method::kWeighted: {
      const at::Tensor share = weight_2d_ / (weight_2d_ + weight_gen_);  // []
      const at::Tensor g =
          options_.forced_gate >= 0 ? at::full_like(share, options_.forced_gate) : share;
      const at::Tensor mixed = options_.forced_gate >= 0 ? g * s + (1 - g) * v
                                                         : (weight_2d_ * s + weight_gen_ * v) /
                                                               (weight_2d_ + weight_gen_);
      return {mixed, g.expand({s.size(0), s.size(1), 1})};
    }
    case Method::kConcat:
      return {projection_(at::cat({norm1_(s), norm2_(v)}, -1)), {}};
    case Method::kCrossAttention: {
      const at::Tensor position = SinePosition(side, options_.dim, s.options());  // [N,D]
      at::Tensor x = s;
      for (auto& block : blocks_) x = block(x, v, position);
      return {x, {}};
    }
    default:
      return MixByGate(s, v, instruction);
  }
}

}  // namespace vega
