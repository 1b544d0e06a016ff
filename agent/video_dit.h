// Wan2.1's video diffusion transformer, text to video, and VACE's with its hint stream. Keys as in
// the original checkpoint.
//
// Features are the token stream after one block: later blocks and the velocity head are not run.

#pragma once

#include <functional>
#include <vector>

#include "agent/config.h"
#include "agent/dit_layers.h"

namespace vega {

class VideoDitImpl : public torch::nn::Module {
 public:
  // Weights are unset: load or draw them. Throws Error when the options do not fit together.
  explicit VideoDitImpl(const VideoDitOptions& options);

  // Matrix products of blocks, patches and text in f32 or bf16; the rest stays f32. Call it before
  // weights are loaded, which are then converted once.
  void SetComputeType(at::ScalarType dtype);

  // context [B or 1,L,text_dim], L <= text_len; for blocks 0..`last` (all of them by default).
  // Throws Error on another shape.
  PromptContext Prepare(const at::Tensor& context, int64_t last = -1);
  // latents [B,C,t,h,w], timestep [B or 1], prompt from Prepare -> tokens [B,N,D] f32 after block
  // `block`, in (t,h,w) order. Throws Error when there is no such block or the grid does not divide
  // by the patch size.
  //
  // VACE needs `hint` [B,vace_in_dim,t',h,w]. As published, latents and hint are padded with zero
  // tokens to the longer of the two; tokens beyond the latents' are computed but never attended.
  //
  // `after_block` is shown the tokens after each block up to that one; they are overwritten once it
  // returns.
  using BlockObserver = std::function<void(int64_t block, const at::Tensor& tokens)>;
  at::Tensor Features(const at::Tensor& latents, const at::Tensor& timestep,
                      const PromptContext& prompt, int64_t block, const at::Tensor& hint = {},
                      const BlockObserver& after_block = {});
  // The velocity [B,out_dim,t,h,w]. Throws Error without a head.
  at::Tensor forward(const at::Tensor& latents, const at::Tensor& timestep,
                     const PromptContext& prompt, const at::Tensor& hint = {});
  const VideoDitOptions& options() const { return options_; }

 private:
  void Check() const;
  std::vector<int64_t> Grid(const at::Tensor& latents) const;  // {t,h,w} in patches
  at::Tensor Patchify(const at::Tensor& latents, const at::Tensor& weight,
                      const at::Tensor& bias) const;  // -> [B,N,D]
  at::Tensor Unpatchify(const at::Tensor& x, at::IntArrayRef grid) const;
  at::Tensor TimeEmbedding(const at::Tensor& timestep);        // [B] -> [B,D]
  at::Tensor Rope(at::IntArrayRef grid, int64_t count) const;  // -> [count,d/2] complex

  VideoDitOptions options_;
  Dense text0_, text2_, time0_, time2_, time_projection_, head_{nullptr};
  at::Tensor patch_weight_, patch_bias_, hint_weight_, hint_bias_, head_modulation_;
  std::vector<DitBlock> blocks_;
  std::vector<VaceBlock> vace_blocks_;
};
TORCH_MODULE(VideoDit);

}  // namespace vega
