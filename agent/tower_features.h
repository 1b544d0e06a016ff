// Features of a clip by one tower: what `vega features --tower` does. Needs no torch to include.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "agent/tower_options.h"

namespace vega {

struct TowerFeaturesOptions {
  TowerOptions tower;
  std::filesystem::path clip;   // tensor "frames" [T,H,W,3] u8, row 0 top
  std::filesystem::path noise;  // tensor "noise", see below; or empty: drawn
  std::filesystem::path out;    // safetensors
  uint64_t seed = 0;            // of drawn noise
  int threads = 0;              // of one operation; 0: those of the machine
  std::filesystem::path
      cache;  // folder of features computed before; or empty, see cached_backend.h
  int64_t cache_bytes = int64_t{1} << 30;  // it may hold
  std::string compare;                     // a tower whose features are compared; or empty
  std::filesystem::path compare_weights;   // its folder, as TowerOptions::weights
  std::filesystem::path pictures;          // folder for PNG overlays; or empty: none
  // Take the clip as a stream of this tolerance, see agent/latent_stream.h: independent frames one
  // by one. Without: nothing is taken over.
  std::optional<double> stream;
  bool stream_error = false;  // also compute all anew and say how far that is
};

// Writes latents and noisy, tokens [T,N,D] before and pooled [T,D,P,P] after pooling (native grids
// are [T,D,h,w]), all f32. With independent frames T is the clip's and latents are [T,C,1,h,w], as
// is the noise. A causal clip has T = t latent frames; its latents have the layout of the noise
// given, [1,C,t,h,w] or [t,C,1,h,w], the former where none is. Each further block K adds tokens_K
// and pooled_K. With `pictures` also pca [T,3,P,P] (first components, all frames together), norm
// [T,P,P] (lengths of pooled), and both as pictures over what the tower saw; a causal clip's over
// the newest frame of each latent one. Metadata says tower, block, timestep, sigma, versions and
// where weights and prompt are from. Returns stage times as a line, with what cache and stream did
// and how far the compared tower, opened with the same options, was. Throws Error.
std::string ExtractTowerFeatures(const TowerFeaturesOptions& options);

}  // namespace vega
