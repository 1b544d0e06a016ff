// Wan2.1's causal 3-D video VAE: frames to normalised latents and back.

#pragma once

#include "agent/config.h"
#include "agent/vae_layers.h"

namespace vega {

class VideoVaeImpl : public torch::nn::Module {
 public:
  // Weights are unset: load or draw them. Throws Error when the options do not fit together.
  explicit VideoVaeImpl(const VideoVaeOptions& options);

  // Convolutions, and the normalisation of latents, in f32 or bf16. Call it before weights are
  // loaded, which are then converted once.
  void SetComputeType(at::ScalarType dtype);

  // frames [B,3,T,H,W] in [-1,1], T = 1 + 4n, H and W multiples of 8 -> latents [B,C,t,h,w], the
  // posterior's mean, normalised by latents_mean and latents_std. Throws Error on other shapes.
  at::Tensor Encode(const at::Tensor& frames);
  // Latents are f32 whatever the compute type.
  // The next frames of a clip: one at first, then multiples of four. Same shapes as Encode.
  at::Tensor EncodePiece(const at::Tensor& frames, VaeCache& cache);
  // latents [B,C,t,h,w] -> frames [B,3,T,H,W] in [-1,1]. Throws Error without a decoder.
  at::Tensor Decode(const at::Tensor& latents);

  // What training needs: the posterior's mean and log variance [B,2C,t,h,w], not normalised, and
  // frames of such latents [B,C,t,h,w], not clamped.
  at::Tensor Moments(const at::Tensor& frames);
  at::Tensor Reconstruct(const at::Tensor& latents);
  // Sets how latents are normalised from now on; each C long.
  void SetNormalization(const std::vector<double>& mean, const std::vector<double>& std);

  // Pixels along H or W of one latent, frames of all latents but the first.
  int64_t spatial_stride() const;
  int64_t temporal_stride() const;
  const VideoVaeOptions& options() const { return options_; }

 private:
  at::Tensor MomentsPiece(const at::Tensor& frames, VaeCache& cache);
  at::Tensor Normalize(const at::Tensor& moments) const;

  VideoVaeOptions options_;
  VaeCoder encoder_{nullptr}, decoder_{nullptr};
  CausalConv3d conv1_{nullptr}, conv2_{nullptr};  // before and after the latents, 1x1x1
};
TORCH_MODULE(VideoVae);

}  // namespace vega
