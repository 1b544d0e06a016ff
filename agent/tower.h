// How a tower is opened: from options (agent/tower_options.h) to a backend with its weights.

#pragma once

#include <memory>
#include <string>

#include "agent/feature_backend.h"
#include "agent/tower_options.h"

namespace vega {

// Several may share a tower; it is callable from several threads at once.
struct Tower {
  std::shared_ptr<FeatureBackend> backend;
  TowerOptions options;          // as asked for, with block, width and height resolved
  FlowSchedule::Entry level;     // the entry of the schedule features are taken at
  int64_t context_rows = 0;      // rows of the prompt embedding
  std::string prompt = "zeros";  // where the prompt embedding is from
  std::string weights;           // "drawn from seed N", or the folder
  std::string identity;  // equal for towers that give equal features: a hash of all the above
};

// Opens the tower of a folder in diffusers' layout (transformer/, vae/, each with config.json), in
// the original one (config.json, diffusion_pytorch_model.safetensors, Wan2.1_VAE.pth), or, for
// vega-s, of a vega checkpoint. The prompt is, in this order: prompt_embedding, prompt,
// prompt_embedding.safetensors or .pt of the folder, else rows of zeros. Throws Error.
Tower OpenTower(const TowerOptions& options);

}  // namespace vega
