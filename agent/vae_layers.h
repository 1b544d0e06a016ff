// The layers of Wan2.1's causal 3-D video VAE. Keys as in Wan2.1_VAE.pth.
//
// Time is causal: a latent sees its own frames and earlier ones only. A clip may therefore be fed
// in pieces, first one frame, then multiples of four, with VaeCache carrying the last frames each
// convolution saw; the result does not depend on how the clip is cut. One frame alone never touches
// a temporal convolution of the resampling layers, and of every other kernel only the last temporal
// slice, since zeros lie before it: such frames are convolved in two dimensions.
//
// In bf16 convolutions round as under the published autocast: norms give f32, streams are bf16.

#pragma once

#include <vector>

#include "agent/config.h"
#include "agent/modules.h"

namespace vega {

// Frames kept between two pieces of a clip, one slot a temporal convolution, in order of use.
struct VaeCache {
  std::vector<at::Tensor> slots;
  size_t next = 0;    // slot the next convolution uses
  bool first = true;  // no piece has been fed yet
  bool last = false;  // no piece follows: nothing needs to be kept

  at::Tensor& Next();
  void BeginPiece() { next = 0; }
  void EndPiece() { first = false; }
};

// The weights of a convolution: weight [O,C,kernel...], bias [O].
class KernelImpl : public torch::nn::Module {
 public:
  KernelImpl(int64_t in, int64_t out, at::IntArrayRef kernel);

  at::Tensor weight, bias;
};
TORCH_MODULE(Kernel);

// A convolution over (T,H,W) that sees no later frame; weight [O,C,kt,kh,kw].
class CausalConv3dImpl : public KernelImpl {
 public:
  CausalConv3dImpl(int64_t in, int64_t out, int64_t kernel_t, int64_t kernel_hw)
      : KernelImpl(in, out, {kernel_t, kernel_hw, kernel_hw}) {}
  // x [B,C,T,H,W] -> [B,O,T,H,W]
  at::Tensor forward(const at::Tensor& x, VaeCache& cache);
};
TORCH_MODULE(CausalConv3d);

// x / max(|x|, 1e-12) * sqrt(C) * gamma over the channels, in f32.
class ChannelNormImpl : public torch::nn::Module {
 public:
  // gamma has shape [C,1,...] with `ones` trailing ones.
  ChannelNormImpl(int64_t channels, int64_t ones);
  at::Tensor forward(const at::Tensor& x);  // [B,C,T,H,W] -> same

 private:
  at::Tensor gamma_;
};
TORCH_MODULE(ChannelNorm);

// Norm, SiLU, 3x3x3, norm, SiLU, 3x3x3, plus the input (through a 1x1x1 where widths differ).
class VaeResBlockImpl : public torch::nn::Module {
 public:
  VaeResBlockImpl(int64_t in, int64_t out);
  at::Tensor forward(const at::Tensor& x, VaeCache& cache);  // [B,C,T,H,W] -> [B,O,T,H,W]

 private:
  ChannelNorm norm1_, norm2_;
  CausalConv3d conv1_, conv2_;
  CausalConv3d shortcut_{nullptr};
};
TORCH_MODULE(VaeResBlock);

// Single-head attention over the pixels of each frame.
class VaeAttentionImpl : public torch::nn::Module {
 public:
  explicit VaeAttentionImpl(int64_t channels);
  at::Tensor forward(const at::Tensor& x);  // [B,C,T,H,W] -> same

 private:
  ChannelNorm norm_;
  Kernel qkv_, proj_;
};
TORCH_MODULE(VaeAttention);

// Halves or doubles H and W, and time where `temporal`.
class VaeResampleImpl : public torch::nn::Module {
 public:
  enum class Mode { kDown, kUp };
  VaeResampleImpl(int64_t channels, Mode mode, bool temporal);
  at::Tensor forward(const at::Tensor& x, VaeCache& cache);  // [B,C,T,H,W]

 private:
  at::Tensor Down(const at::Tensor& x, VaeCache& cache);
  at::Tensor Up(const at::Tensor& x, VaeCache& cache);

  Mode mode_;
  Kernel conv_;
  Kernel time_down_{nullptr};
  CausalConv3d time_up_{nullptr};
};
TORCH_MODULE(VaeResample);

// The encoder ("encoder.*") or the decoder ("decoder.*"): a first convolution, levels of residual
// blocks with resampling between them, and a middle with attention (last for the encoder).
class VaeCoderImpl : public torch::nn::Module {
 public:
  VaeCoderImpl(const VideoVaeOptions& options, bool encoder);
  at::Tensor forward(at::Tensor x, VaeCache& cache);  // [B,C,T,H,W]

 private:
  at::Tensor Levels(at::Tensor x, VaeCache& cache);
  at::Tensor Middle(const at::Tensor& x, VaeCache& cache);

  struct Layer {  // one step of the levels: exactly one of the two is set
    VaeResBlock block{nullptr};
    VaeResample resample{nullptr};
  };
  bool encoder_;
  CausalConv3d conv_in_{nullptr}, conv_out_{nullptr};
  std::vector<Layer> levels_;
  VaeResBlock middle0_{nullptr}, middle2_{nullptr};
  VaeAttention middle1_{nullptr};
  ChannelNorm norm_out_{nullptr};
};
TORCH_MODULE(VaeCoder);

}  // namespace vega
