// Features of clips in a file: what `vega features` does. Needs no torch to include.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace vega {

struct ClipFeaturesOptions {
  std::filesystem::path clip;   // tensors "clip" or "clip_CAMERA" [T,H,W,3] u8, row 0 top
  std::filesystem::path out;    // safetensors
  std::filesystem::path noise;  // tensors "noise" or "noise_CAMERA" [C,t,h,w] f32; or empty: drawn
  std::filesystem::path pictures;   // folder for PNG overlays; or empty: none
  std::string model = "vega-tiny";  // or a checkpoint folder
  std::optional<int64_t> block;     // k; by default the model's
  std::optional<int64_t> timestep;  // target; by default the model's
  uint64_t seed = 0;                // of the noise
  std::string device = "cpu";
};

// Writes, for each clip and with its suffix: latents and noisy [C,t,h,w], tokens [N,D] before and
// pooled [G*G,D] after pooling, generative, semantic and fused [G*G,D], gate [G*G,1], pca [G*G,3]
// (first components of pooled, all frames together) and norm [G*G] (lengths of pooled); where
// frames are independent each has T rows in front. Metadata names model, block, timestep, sigma and
// seed. With `pictures`, also writes components, lengths and gate as pictures over what the camera
// saw; see WriteTokenPictures. Returns stage times, p50/p90 over the clips. Throws Error.
std::string ExtractClipFeatures(const ClipFeaturesOptions& options);

}  // namespace vega
