// Folders of Wan2.1 models as published: which sizes they hold and where their weights are.
//
//   diffusers   transformer/ and vae/, each config.json and diffusion_pytorch_model.safetensors
//               (or shards and their index)
//   original    config.json and diffusion_pytorch_model.safetensors of the DiT, Wan2.1_VAE.pth (or
//               .safetensors)

#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/video_dit.h"
#include "agent/video_vae.h"

namespace vega {

struct WanFolder {
  std::filesystem::path path;
  bool diffusers = false;
  VideoDitOptions dit;
  VideoVaeOptions vae;
};

// Reads the configurations. With `dit` false only the VAE's is looked for. Throws Error when there
// is neither layout or a configuration is not one these modules compute.
WanFolder ReadWanFolder(const std::filesystem::path& path, bool dit = true);

// Options of diffusers' WanTransformer3DModel, WanVACETransformer3DModel and AutoencoderKLWan, and
// of the original WanModel and VaceWanModel. Keys that are absent keep the class's default. Throws
// Error.
VideoDitOptions DitOptionsFromDiffusers(const nlohmann::json& json, const std::string& where);
VideoDitOptions DitOptionsFromOriginal(const nlohmann::json& json, const std::string& where);
VideoVaeOptions VaeOptionsFromDiffusers(const nlohmann::json& json, const std::string& where);

// Modules with their weights, memory-mapped where nothing is to be converted, in compute type
// `dtype`. Every tensor of the files is used, none is left over. Throws Error.
VideoDit OpenWanDit(const WanFolder& folder, at::ScalarType dtype);
VideoVae OpenWanVae(const WanFolder& folder, at::ScalarType dtype);

}  // namespace vega
