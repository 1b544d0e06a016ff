// Fusion of semantic and generative tokens on one grid. Methods and keys as in VEGA-3D's
// FeatureFusionModule (main and spatial-reasoning branches); s semantic, v generative tokens:
//
//   add                      s + v
//   only                     v
//   weighted                 (weight_2d s + weight_gen v) / (weight_2d + weight_gen); the second
//                            weight is weight_3d in the spatial-reasoning branch, see FusionOptions
//   concat                   W [LN s; LN v]
//   gated                    g LN s + (1 - g) LN v,  g = sigmoid(W [LN s; LN v]) a channel
//   token_gated              the same with one g a token
//   token_gated_residual     s + residual_scale (g s + (1 - g) v - s),  g as token_gated
//   instruction_token_gated  token_gated with gate_bias + context_scale ctx(LN instruction) added
//                            to the gate's logit
//   cross_attention          tokens s attend to tokens v
//   paper                    g s + (1 - g) v,  g = sigmoid(W [LN v; LN s]) a token: equations 6 to
//                            8 of arXiv 2603.19235
//
// A gate of 1 is all semantic, 0 all generative. Every gate is given out with the tokens, that of
// `weighted` being weight_2d / (weight_2d + weight_gen) everywhere, and can be forced to a value;
// add, only, concat and cross_attention have none.

#pragma once

#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <vector>

#include "agent/config.h"

namespace vega {

struct FusedTokens {
  at::Tensor tokens;  // [B,N,D]
  at::Tensor gate;    // in [0,1], [B,N,1], [B,N,D] for "gated"; undefined for methods without one
};

// One block of cross_attention: attention of s over v with a 2-D sine embedding, then an MLP.
class FusionAttentionBlockImpl : public torch::nn::Module {
 public:
  FusionAttentionBlockImpl(int64_t dim, int64_t num_heads);
  // s, v [B,N,D], position [N,D] -> [B,N,D]
  at::Tensor forward(const at::Tensor& s, const at::Tensor& v, const at::Tensor& position);

 private:
  int64_t num_heads_;
  torch::nn::LayerNorm norm_query_, norm_key_, norm_value_, norm2_;
  at::Tensor in_weight_, in_bias_;  // [3D,D], [3D]
  torch::nn::Linear out_, up_, down_;
};
TORCH_MODULE(FusionAttentionBlock);

class FeatureFusionImpl : public torch::nn::Module {
 public:
  // Throws Error on an unknown method, and on a forced gate that is above 1 or that the method does
  // not have.
  explicit FeatureFusionImpl(const FusionOptions& options);

  // semantic, generative [B,N,D]; instruction [B or 1,D], used by instruction_token_gated only.
  // Throws Error when shapes differ or N is not a square.
  FusedTokens forward(const at::Tensor& semantic, const at::Tensor& generative,
                      const at::Tensor& instruction = {});

 private:
  enum class Method {
    kAdd,
    kOnly,
    kWeighted,
    kConcat,
    kGated,
    kTokenGated,
    kTokenGatedResidual,
    kInstructionTokenGated,
    kCrossAttention,
    kPaper
  };
  static Method ParseMethod(const std::string& name);
  // g of the two normalised streams, or the forced gate
  at::Tensor Gate(const at::Tensor& first, const at::Tensor& second, const at::Tensor& instruction);
  FusedTokens MixByGate(const at::Tensor& s, const at::Tensor& v, const at::Tensor& instruction);

  FusionOptions options_;
  Method method_;
  torch::nn::LayerNorm norm1_{nullptr}, norm2_{nullptr}, norm_context_{nullptr};
  torch::nn::Linear projection_{nullptr}, gate_{nullptr}, context0_{nullptr}, context2_{nullptr};
  // [] scalars of the methods that have them
  at::Tensor weight_2d_, weight_gen_, residual_scale_, context_scale_, gate_bias_;
  std::vector<FusionAttentionBlock> blocks_;
};
TORCH_MODULE(FeatureFusion);

}  // namespace vega
