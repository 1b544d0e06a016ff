// The flow-matching schedule and the noise that brings latents to one timestep of it.

#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace vega {

// Wan2.1's FlowUniPCMultistepScheduler with num_train_timesteps 1000: sigma' = shift sigma /
// (1 + (shift - 1) sigma) over an even grid, timestep = trunc(1000 sigma').
class FlowSchedule {
 public:
  struct Entry {
    int64_t timestep = 0;
    float sigma = 0;  // noise level in [0,1]: x_t = (1 - sigma) x_0 + sigma noise
  };

  // Throws Error when steps < 1 or shift <= 0.
  explicit FlowSchedule(double shift, int64_t steps = 1000);

  // The entry whose timestep is nearest to `target`; of two equal timesteps the later one, whose
  // sigma is lower, as VEGA-3D picks it. Throws Error when target is outside [0, 1000].
  const Entry& Nearest(int64_t target) const;
  // From most to least noise.
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

// Names one draw of noise: results depend on these alone, not on workers or batches.
struct NoiseKey {
  uint64_t seed = 0;
  std::string stream = "clip";  // e.g. episode and camera
  uint64_t step = 0;            // control step, or index of the clip
};

// Standard normal noise, one draw a key: [keys, shape...], f32, CPU.
at::Tensor DrawNoise(const std::vector<NoiseKey>& keys, at::IntArrayRef shape);

// (1 - sigma) latents + sigma noise.
at::Tensor AddNoise(const at::Tensor& latents, const at::Tensor& noise, float sigma);

}  // namespace vega
