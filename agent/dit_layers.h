// The layers of Wan2.1's video diffusion transformer. Keys as in the original checkpoint.
//
// Precision follows the published rules: matrix products run in the dtype of their weights (f32 or
// bf16), norms, modulation, rotary turns, gates and the residual stream in f32.

#pragma once

#include <vector>

#include "agent/config.h"
#include "agent/modules.h"

namespace vega {

// Keys and values of a prompt for every block: constant while the prompt is.
//
// The published model pads a prompt with zero rows to text_len and attends all of them unmasked.
// Those rows are all alike, so one of them stands for all, with the logarithm of their number added
// to its attention logit.
struct PromptContext {
  struct Block {
    at::Tensor keys;    // [B or 1,M,L,d] f32
    at::Tensor values;  // [B or 1,M,L,d] f32; undefined where `folded` is used
    // [B or 1,M*L,D] f32, the values times their columns of the output projection. A short prompt
    // makes this much smaller than the projection, which is then not run.
    at::Tensor folded;
  };
  std::vector<Block> blocks;  // base blocks, then VACE's
  at::Tensor logit_bias;      // [L] f32; undefined where no row is padding
};

// What every block reads of the clip and its timestep.
struct BlockInput {
  at::Tensor time;     // [B or 1,6,D] f32
  at::Tensor rope;     // [N,d/2] complex f32
  int64_t valid = -1;  // tokens that may be attended; the rest are padding. -1: all
  const PromptContext* prompt = nullptr;
};

// x * rsqrt(mean x^2 + eps) * weight over the whole width, before heads are split.
class WidthNormImpl : public torch::nn::Module {
 public:
  WidthNormImpl(int64_t dim, double eps);
  at::Tensor forward(const at::Tensor& x);  // [...,D] -> same, f32

 private:
  double eps_;
  at::Tensor weight_;
};
TORCH_MODULE(WidthNorm);

// LayerNorm with weight and bias, in f32; the result has the dtype of its input.
class AffineNormImpl : public torch::nn::Module {
 public:
  AffineNormImpl(int64_t dim, double eps);
  at::Tensor forward(const at::Tensor& x);  // [...,D] -> same

 private:
  double eps_;
  at::Tensor weight_, bias_;
};
TORCH_MODULE(AffineNorm);

// Attention with normalised queries and keys; over the tokens themselves or over a prompt.
class DitAttentionImpl : public torch::nn::Module {
 public:
  explicit DitAttentionImpl(const VideoDitOptions& options);
  // x [B,N,D] -> [B,N,D]
  at::Tensor OverTokens(const at::Tensor& x, const BlockInput& input);
  // x [B,N,D] -> [B,N,D]
  at::Tensor OverPrompt(const at::Tensor& x, const PromptContext& prompt, size_t block);
  // context [B or 1,L,D] -> what OverPrompt reads of it
  PromptContext::Block Prepare(const at::Tensor& context);

 private:
  int64_t num_heads_;
  Dense q_, k_, v_, o_;
  WidthNorm norm_q_, norm_k_;
};
TORCH_MODULE(DitAttention);

class DitBlockImpl : public torch::nn::Module {
 public:
  explicit DitBlockImpl(const VideoDitOptions& options);
  // x [B,N,D] -> [B,N,D] f32; `index` is the block's place in PromptContext. Without gradients x is
  // overwritten.
  at::Tensor forward(at::Tensor x, const BlockInput& input, size_t index);
  DitAttention cross_attention() const { return cross_attn_; }

 protected:
  double eps_;
  at::Tensor modulation_;  // [1,6,D] shift, scale, gate of attention; shift, scale, gate of ffn
  DitAttention self_attn_, cross_attn_;
  AffineNorm norm3_{nullptr};
  Dense ffn_up_, ffn_down_;
};
TORCH_MODULE(DitBlock);

// A block of VACE's hint stream.
class VaceBlockImpl : public DitBlockImpl {
 public:
  VaceBlockImpl(const VideoDitOptions& options, bool first);
  // c + x projected, which begins the stream; for the first block only. c, x [B,N,D] -> [B,N,D]
  at::Tensor Begin(const at::Tensor& c, const at::Tensor& x) const {
    return before_->forward(c) + x;
  }
  // The hint of the stream after this block: [B,N,D] -> [B,N,D]
  at::Tensor Hint(const at::Tensor& c) const { return after_->forward(c); }

 private:
  Dense before_{nullptr}, after_;
};
TORCH_MODULE(VaceBlock);

// LN(x) (1 + scale) + shift, f32; x [B,N,D], shift and scale [B or 1,D]
at::Tensor Modulate(const at::Tensor& x, const at::Tensor& shift, const at::Tensor& scale,
                    double eps);

}  // namespace vega
