// Generative features of a video diffusion model used as a latent world simulator (VEGA-3D):
//
//   frames -> VideoVae latents -> noise to one timestep -> VideoDit up to block k -> pooled tokens

#pragma once

#include "agent/config.h"
#include "agent/feature_backend.h"
#include "agent/video_dit.h"
#include "agent/video_vae.h"

namespace vega {

class WorldModelBackend : public FeatureBackend {
 public:
  // The modules hold their final weights; prompt [L,text_dim] is the fixed prompt embedding.
  // Throws Error when the options do not fit together.
  WorldModelBackend(VideoVae vae, VideoDit dit, const at::Tensor& prompt,
                    const VegaModelOptions& options);

  VideoFeatures Extract(const FeatureRequest& request, StageTimes* times) override;
  int64_t width() const override { return dit_->options().dim; }
  int64_t grid() const override { return options_.grid; }
  // The entry of the schedule features are taken at.
  const FlowSchedule::Entry& noise_level() const { return level_; }

 private:
  VideoVae vae_;
  VideoDit dit_;
  VegaModelOptions options_;
  FlowSchedule::Entry level_;
  PromptContext prompt_;
  at::Tensor timestep_;  // [1] i64
};

}  // namespace vega
