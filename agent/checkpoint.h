// A checkpoint: a folder of model.safetensors and config.json, whose contract says what the model
// reads and writes. No pickle.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/config.h"

namespace torch::nn {
class Module;
}

namespace vega {

// How pictures lie in memory, everywhere: row 0 is the top.
inline constexpr char kOrientation[] = "row-0-top";

struct ProprioEntry {
  std::string key;   // eef_pos | eef_axis_angle | gripper_qpos
  int size = 0;      // entries
  std::string unit;  // m | rad
};

// What a policy is shown and what its numbers mean.
struct AgentContract {
  std::vector<std::string> cameras = {"agentview", "robot0_eye_in_hand"};
  int image_size = 128;                    // pixels, square
  std::string orientation = kOrientation;  // a loader refuses any other
  std::string render_quality = "any";      // of the pictures learnt from: exact | fast | any
  int clip_length = 5;                     // T
  int clip_stride = 2;                     // control steps between frames
  std::vector<ProprioEntry> proprio = {
      {"eef_pos", 3, "m"}, {"eef_axis_angle", 3, "rad"}, {"gripper_qpos", 2, "m"}};
  // (P) 1st and 99th percentile; mapped to -1 and 1, clipped beyond. Defaults: LIBERO-Spatial's, as
  // published with OpenVLA-OFT.
  std::vector<double> proprio_q01 = {-0.27273, -0.23721, 0.91601, 2.77950,
                                     -1.31875, -0.41990, 0.0015,  -0.0399};
  std::vector<double> proprio_q99 = {0.13529, 0.36292, 1.28623, 3.28297,
                                     0.93327, 0.63257, 0.0399,  -0.0017};
  // (A) the head's -1 and 1 become these; then clipped to [-1,1].
  std::vector<double> action_q01 = {-1, -1, -1, -1, -1, -1, -1};
  std::vector<double> action_q99 = {1, 1, 1, 1, 1, 1, 1};
  int chunk_length = 8;  // K
  int open_loop = 0;     // of them, those played before the next look, to be overruled; 0: all
};

struct CheckpointConfig {
  std::string name = "vega-tiny";
  std::string weights = "untrained";  // "untrained", or what trained them
  uint64_t weights_seed = 0;          // of the initial weights
  std::string text_encoder = "all-MiniLM-L6-v2";
  AgentContract contract;
  VegaModelOptions model;
  ActionHeadOptions head;
};

nlohmann::json ToJson(const CheckpointConfig& config);
// Throws Error on an unknown key, a wrong type, another orientation, or a contract that does not
// fit itself or the head.
CheckpointConfig CheckpointConfigFromJson(const nlohmann::json& json, const std::string& where);

// Writes the folder whole or not at all: aside, flushed, then put in place of an older one. `half`
// stores weights as f16, half the size and 0.05 % away at most; they are read as f32 again.
// Throws Error.
void SaveCheckpoint(const std::filesystem::path& folder, const CheckpointConfig& config,
                    const torch::nn::Module& module, bool half = false);
// Throws Error when config.json is missing or not valid.
CheckpointConfig ReadCheckpointConfig(const std::filesystem::path& folder);
// Fills the module; see LoadTensors for what is refused.
void LoadCheckpointWeights(const std::filesystem::path& folder, torch::nn::Module& module);

}  // namespace vega
