// Generative features of a video diffusion model used as a latent world simulator (VEGA-3D):
//
//   frames -> VideoVae latents -> noise to one timestep -> VideoDit up to block k -> pooled tokens

#pragma once

#include "agent/config.h"
#include "agent/device_graph.h"
#include "agent/feature_backend.h"
#include "agent/preprocess.h"
#include "agent/video_dit.h"
#include "agent/video_vae.h"

namespace vega {

struct WorldModelOptions {
  int64_t height = 480, width = 832;  // H, W seen, pixels
  PixelRange range = PixelRange::kBytes;
  int64_t block = 20;      // k, counted from 0; -1: the last
  int64_t timestep = 300;  // target; the nearest of the schedule is used
  double shift = 5.0;      // of the flow schedule
  int64_t pool = 14;       // side of the pooled grid; 0: the tokens' own
  // Which of VACE's tokens are features. It is fed one frame of context more than there are noisy
  // latents; the published code keeps the later ones, which for a single frame are padding that
  // carries the hint ("padded"). "frame" keeps those of the noisy latents.
  std::string vace_tokens = "padded";
  std::vector<int64_t> also_blocks;  // before k, whose tokens are given too
  bool graphs = true;                // replay the DiT where the device can
};

// Wan2.1 text to video, or VACE where the DiT has hint blocks.
class WorldModelTower : public FeatureBackend {
 public:
  // The modules hold their final weights; prompt [L,text_dim] is the fixed prompt embedding.
  // Throws Error when the options do not fit together.
  WorldModelTower(VideoVae vae, VideoDit dit, const at::Tensor& prompt,
                  const WorldModelOptions& options);

  VideoFeatures Extract(const FeatureRequest& request, StageTimes* times) override;
  int64_t width() const override { return dit_->options().dim; }
  TokenGrid grid() const override;
  // The entry of the schedule features are taken at.
  const FlowSchedule::Entry& noise_level() const { return level_; }
  int64_t block() const { return options_.block; }

 private:
  // pixels [B,3,T,H,W] and their latents [B,C,t,h,w] -> VACE's input [B,2C+s*s,1+t,h,w]
  at::Tensor Hint(const at::Tensor& pixels, const at::Tensor& latents);
  // The features of a clip, or of all the clips of a batch at once.
  void Denoise(const at::Tensor& pixels, VideoFeatures& features);
  // {noisy} or {noisy, hint} -> tokens [B,N,D] after block k, then after each of also_blocks
  GraphedFunction::Tensors RunDit(const GraphedFunction::Tensors& inputs);

  VideoVae vae_;
  VideoDit dit_;
  WorldModelOptions options_;
  FlowSchedule::Entry level_;
  PromptContext prompt_;
  at::Tensor timestep_;  // [1] i64
  GraphedFunction run_dit_;
};

// The VAE alone: a token is one latent pixel, D its channels. Noise is not used.
class VaeTower : public FeatureBackend {
 public:
  // Of `options` only size, range and pool are used. Throws Error when they do not fit the VAE.
  VaeTower(VideoVae vae, const WorldModelOptions& options);

  VideoFeatures Extract(const FeatureRequest& request, StageTimes* times) override;
  int64_t width() const override { return vae_->options().z_dim; }
  TokenGrid grid() const override;

 private:
  VideoVae vae_;
  WorldModelOptions options_;
};

}  // namespace vega
