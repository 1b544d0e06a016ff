// The seam between the pipeline and whatever turns clips into generative features.

#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <vector>

#include "agent/flow_schedule.h"
#include "agent/stage_times.h"

namespace vega {

class LatentStream;

struct FeatureRequest {
  at::Tensor frames;            // [B,T,H,W,3] u8, row 0 top, oldest frame first
  std::vector<NoiseKey> noise;  // (B) one draw a clip; unused where `injected` is given
  at::Tensor injected;          // [B,C,t,h,w] noise to use instead; or undefined
  // What was encoded of earlier clips of the same cameras, to be used and added to by towers with a
  // VAE; or null. Two requests at once need two. See agent/latent_stream.h.
  LatentStream* stream = nullptr;
};

struct VideoFeatures {
  at::Tensor latents;  // [B,C,t,h,w] normalised latents of the clip; undefined where there are none
  at::Tensor noisy;    // [B,C,t,h,w] the same at the chosen timestep; undefined likewise
  at::Tensor tokens;   // [B,t,N,D] of each latent frame, row by row, before pooling
  at::Tensor pooled;   // [B,t,G,D] tokens averaged onto the grid, row by row from the top left
  struct Block {
    at::Tensor tokens, pooled;
  };
  std::map<int64_t, Block> also;  // after further blocks that a tower was asked for
};

// Cells of the pooled tokens: G = height * width.
struct TokenGrid {
  int64_t height = 0, width = 0;
  bool operator==(const TokenGrid&) const = default;
};

// Callable from several threads at once. Results depend on the request alone, its stream included.
class FeatureBackend {
 public:
  virtual ~FeatureBackend() = default;
  // Adds the time of each stage to `times` where it is given. Throws Error on an unusable request.
  virtual VideoFeatures Extract(const FeatureRequest& request, StageTimes* times) = 0;
  virtual int64_t width() const = 0;  // D
  virtual TokenGrid grid() const = 0;
};

// Features that know nothing of the picture: standard normal numbers of the request's noise keys.
// The control for what features are worth, and the fake of tests.
class RandomFeatureBackend : public FeatureBackend {
 public:
  RandomFeatureBackend(int64_t width, int64_t grid) : width_(width), grid_{grid, grid} {}
  VideoFeatures Extract(const FeatureRequest& request, StageTimes* times) override;
  int64_t width() const override { return width_; }
  TokenGrid grid() const override { return grid_; }

 private:
  int64_t width_;
  TokenGrid grid_;
};

}  // namespace vega
