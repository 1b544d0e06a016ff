// Generative towers by name: what turns clips into features, its options and the published presets.
// Needs no torch to include.
//
//   wan_t2v    Wan2.1 text to video: VAE -> noise to one timestep -> DiT up to block k
//   wan_vace   the same with Wan2.1 VACE's hint path, fed as VEGA-3D feeds it
//   vae        the VAE alone: a token is one latent pixel
//   vega-s     our own small world model: wan_t2v's code, sizes from its checkpoint folder
//
// Before any of these and a colon, a control: random-init (drawn weights), noise-only,
// shuffled-frames (see agent/control_backends.h). A control alone is that of wan_t2v.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/base/error.h"

namespace vega {

struct TowerOptions {
  std::string tower = "wan_t2v";  // see TowerNames(), or CONTROL:TOWER
  // A folder; see OpenTower. Empty: the published sizes with drawn weights.
  std::filesystem::path weights;
  uint64_t weights_seed = 0;           // of drawn weights
  int64_t block = 20;                  // k, counted from 0; -1: the last
  int64_t timestep = 300;              // target; the nearest of the schedule is used
  double shift = 5.0;                  // of the flow schedule
  int64_t width = 832;                 // W seen by the tower, pixels
  int64_t height = 480;                // H seen by the tower, pixels
  int64_t pool = 14;                   // side of the pooled grid; 0: the tower's own grid
  std::string frames = "independent";  // each frame its own video, or "clip": one causal clip
  std::string crop = "published";      // cover the size, cut the centre; or "square": the size's
                                   // shorter side both ways, which keeps all of a square picture
  std::string range = "bytes";             // what the frames' numbers mean; see agent/preprocess.h
  std::string dtype = "fp32";              // or "bf16", with the published precision rules
  std::string device = "cpu";              // see agent/device.h
  std::string prompt;                      // text for the UMT5 encoder in `text_encoder`
  std::filesystem::path text_encoder;      // folder; see agent/umt5_encoder.h
  std::filesystem::path prompt_embedding;  // tensor file [L,text_dim] instead
  std::vector<int64_t> also_blocks;        // before k, whose tokens are given too
  bool graphs = true;                  // on a GPU: record the DiT's kernels once and replay them
  std::string vace_tokens = "padded";  // rows kept of VACE's two frames: as published, or "frame"
};

// "main-3d" (block 20, pooled 14x14) or "spatial-reasoning" (last block, own grid): VEGA-3D's two
// releases. Throws Error.
inline TowerOptions TowerPreset(const std::string& name) {
  if (name == "main-3d") return {};
  if (name == "spatial-reasoning") return {.block = -1, .pool = 0};
  throw Error("unknown tower preset '" + name + "'", "presets: main-3d, spatial-reasoning");
}

inline std::vector<std::string> TowerNames() { return {"wan_t2v", "wan_vace", "vae", "vega-s"}; }

}  // namespace vega
