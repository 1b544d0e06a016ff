// Options to JSON and back, and the presets.

#include "agent/config.h"

#include <fmt/format.h>

#include "agent/config_fields.h"
#include "sim/base/error.h"

namespace vega {
namespace {

// small enough for a policy call of some tens of milliseconds on one core; the architecture is the
// published one
VegaModelOptions Tiny() {
  VegaModelOptions o;
  o.vae = {.dim = 8,
           .z_dim = 8,
           .dim_mult = {1, 2, 4, 4},
           .num_res_blocks = 1,
           .latents_mean = std::vector<double>(8, 0.0),
           .latents_std = std::vector<double>(8, 1.0),
           .decoder = false,
           .chunk_frames = 0};
  o.dit = {.dim = 96,
           .ffn_dim = 256,
           .freq_dim = 64,
           .num_heads = 4,
           .num_layers = 4,
           .in_dim = 8,
           .out_dim = 8,
           .patch_size = {1, 1, 1},
           .text_len = 16,
           .text_dim = 384};
  o.semantic = {.image_size = 64,
                .patch_size = 8,
                .hidden_size = 96,
                .intermediate_size = 256,
                .num_heads = 4,
                .num_layers = 3};
  o.fusion = {.method = "token_gated", .dim = 96};
  o.height = o.width = 64;
  o.frames = "clip";
  o.block = 2;
  o.grid = 8;
  return o;
}

}  // namespace

nlohmann::json ToJson(const VegaModelOptions& options) { return WriteFields(options); }

VegaModelOptions VegaModelOptionsFromJson(const nlohmann::json& json, const std::string& where) {
  return ReadFields<VegaModelOptions>(json, where);
}

VegaModelOptions ModelPreset(const std::string& name) {
  if (name == "vega-tiny") return Tiny();
  if (name == "vega3d-main") return {};
  if (name == "vega3d-sr") {
    VegaModelOptions o;
    o.block = 29;
    o.fusion.method = "token_gated_residual";
    o.fusion.spatial_reasoning_keys = true;
    return o;
  }
  throw Error(fmt::format("unknown model '{}'", name),
              "presets: vega-tiny, vega3d-main, vega3d-sr");
}

}  // namespace vega
