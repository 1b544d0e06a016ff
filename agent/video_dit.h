// Wan2.1's video diffusion transformer, text to video. Keys as in the original checkpoint.
//
// Features are the token stream after one block: later blocks and the velocity head are not run.
// Modulation, gates and the residual stream are f32.

#pragma once

#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <vector>

#include "agent/config.h"

namespace vega {

// Keys and values of a prompt for every block: constant while the prompt is.
//
// The published model pads a prompt with zero rows to text_len and attends all of them unmasked.
// Those rows are all alike, so one of them stands for all, with the logarithm of their number added
// to its attention logit.
struct PromptContext {
  std::vector<at::Tensor> keys, values;  // a block: [B or 1,M,L,d]
  at::Tensor logit_bias;                 // [1,1,1,L]; undefined where no row is padding
};

// x * rsqrt(mean x^2 + eps) * weight over the whole width, before heads are split.
class WidthNormImpl : public torch::nn::Module {
 public:
  WidthNormImpl(int64_t dim, double eps);
  at::Tensor forward(const at::Tensor& x);  // [...,D] -> same

 private:
  double eps_;
  at::Tensor weight_;
};
TORCH_MODULE(WidthNorm);

// Attention with normalised queries and keys; over the tokens themselves or over a prompt.
class DitAttentionImpl : public torch::nn::Module {
 public:
  explicit DitAttentionImpl(const VideoDitOptions& options);
  // x [B,N,D], rope [N,d/2] complex -> [B,N,D]
  at::Tensor OverTokens(const at::Tensor& x, const at::Tensor& rope);
  // x [B,N,D] -> [B,N,D]
  at::Tensor OverPrompt(const at::Tensor& x, const PromptContext& prompt, size_t block);
  // context [B,L,D]; appends this block's keys and values to `prompt`.
  void Prepare(const at::Tensor& context, PromptContext& prompt);

 private:
  at::Tensor Heads(const at::Tensor& x) const;  // [B,N,D] -> [B,M,N,d]

  int64_t num_heads_;
  torch::nn::Linear q_, k_, v_, o_;
  WidthNorm norm_q_, norm_k_;
};
TORCH_MODULE(DitAttention);

class DitBlockImpl : public torch::nn::Module {
 public:
  explicit DitBlockImpl(const VideoDitOptions& options);
  // x [B,N,D], time [B or 1,6,D], rope [N,d/2] complex -> [B,N,D]
  at::Tensor forward(at::Tensor x, const at::Tensor& time, const at::Tensor& rope,
                     const PromptContext& prompt, size_t block);
  DitAttention cross_attention() const { return cross_attn_; }

 private:
  double eps_;
  at::Tensor modulation_;  // [1,6,D] shift, scale, gate of attention; shift, scale, gate of ffn
  DitAttention self_attn_, cross_attn_;
  torch::nn::LayerNorm norm3_;
  torch::nn::Linear ffn_up_, ffn_down_;
};
TORCH_MODULE(DitBlock);

class VideoDitImpl : public torch::nn::Module {
 public:
  // Throws Error when the options do not fit together.
  explicit VideoDitImpl(const VideoDitOptions& options);

  // context [B or 1,L,text_dim], L <= text_len. Throws Error on another shape.
  PromptContext Prepare(const at::Tensor& context);
  // latents [B,C,t,h,w], timestep [B or 1], prompt from Prepare -> tokens [B,N,D] after block
  // `block`, in (t,h,w) order. Throws Error when there is no such block or the grid does not divide
  // by the patch size.
  at::Tensor Features(const at::Tensor& latents, const at::Tensor& timestep,
                      const PromptContext& prompt, int64_t block);
  // The velocity [B,out_dim,t,h,w]. Throws Error without a head.
  at::Tensor forward(const at::Tensor& latents, const at::Tensor& timestep,
                     const PromptContext& prompt);
  const VideoDitOptions& options() const { return options_; }

 private:
  at::Tensor Patchify(const at::Tensor& latents) const;  // -> [B,N,D]
  at::Tensor Unpatchify(const at::Tensor& x, at::IntArrayRef grid) const;
  at::Tensor TimeEmbedding(const at::Tensor& timestep);  // [B] -> [B,D]
  at::Tensor Rope(at::IntArrayRef grid) const;           // -> [N,d/2] complex

  VideoDitOptions options_;
  torch::nn::Linear text0_, text2_, time0_, time2_, time_projection_, head_{nullptr};
  at::Tensor patch_weight_, patch_bias_, head_modulation_;
  std::vector<DitBlock> blocks_;
  std::vector<at::Tensor> rope_;  // turns along t, h, w: [1024,pairs] complex
};
TORCH_MODULE(VideoDit);

}  // namespace vega
