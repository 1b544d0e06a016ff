// Published configurations to options, and published files to modules.

#include "agent/wan_folder.h"

#include <fmt/format.h>

#include "agent/modules.h"
#include "agent/wan_names.h"
#include "agent/weights.h"
#include "sim/base/error.h"
#include "sim/base/file.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

// an object of a configuration file; entries that are absent or null leave a value as it is
class Config {
 public:
  Config(const nlohmann::json& json, const std::string& where) : json_(json), where_(where) {
    if (!json.is_object()) throw Error(fmt::format("{} must be an object", where));
  }

  bool Has(const char* key) const { return json_.contains(key) && !json_[key].is_null(); }

  template <class T>
  bool Read(const char* key, T& value) const {
    if (!Has(key)) return false;
    try {
      value = json_[key].get<T>();
    } catch (const nlohmann::json::exception&) {
      throw Error(fmt::format("{}: {} has the wrong type: {}", where_, key, json_[key].dump()));
    }
    return true;
  }

  [[noreturn]] void Refuse(const std::string& what) const {
    throw Error(fmt::format("{}: {} is not supported", where_, what),
                "towers compute Wan2.1 text to video, VACE, and their VAE");
  }

 private:
  const nlohmann::json& json_;
  const std::string& where_;
};

nlohmann::json ReadConfig(const fs::path& file) {
  const MappedFile mapped(file);
  auto json = nlohmann::json::parse(mapped.text(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) throw Error(fmt::format("{} is not JSON", file.string()));
  return json;
}

}  // namespace

VideoDitOptions DitOptionsFromDiffusers(const nlohmann::json& json, const std::string& where) {
  const Config config(json, where);
  std::string type = "WanTransformer3DModel", qk_norm = "rms_norm_across_heads";
  config.Read("_class_name", type);
  if (type != "WanTransformer3DModel" && type != "WanVACETransformer3DModel") {
    config.Refuse(fmt::format("_class_name '{}'", type));
  }
  for (const char* key : {"image_dim", "added_kv_proj_dim", "pos_embed_seq_len"}) {
    if (config.Has(key)) config.Refuse(key);
  }
  // the class's defaults where they differ from ours
  int64_t heads = 40, width = 128;
  VideoDitOptions o{.ffn_dim = 13824, .num_layers = 40, .f64_time = false, .rope = "diffusers"};
  config.Read("num_attention_heads", heads);
  config.Read("attention_head_dim", width);
  o.num_heads = heads;
  o.dim = heads * width;
  config.Read("ffn_dim", o.ffn_dim);
  config.Read("freq_dim", o.freq_dim);
  config.Read("num_layers", o.num_layers);
  config.Read("in_channels", o.in_dim);
  o.out_dim = o.in_dim;
  config.Read("out_channels", o.out_dim);
  config.Read("patch_size", o.patch_size);
  config.Read("text_dim", o.text_dim);
  config.Read("text_len", o.text_len);  // ours: diffusers' pipelines hold it
  config.Read("eps", o.eps);
  config.Read("cross_attn_norm", o.cross_attn_norm);
  config.Read("rope_max_seq_len", o.max_positions);
  if (type == "WanVACETransformer3DModel") {
    o.vace_layers = {0, 5, 10, 15, 20, 25, 30, 35};
    config.Read("vace_layers", o.vace_layers);
    config.Read("vace_in_channels", o.vace_in_dim);
  }
  return o;
}

VideoDitOptions DitOptionsFromOriginal(const nlohmann::json& json, const std::string& where) {
  const Config config(json, where);
  std::string model_type = "t2v";
  config.Read("model_type", model_type);
  if (model_type != "t2v" && model_type != "vace") {
    config.Refuse(fmt::format("model_type '{}'", model_type));
  }
  bool qk_norm = true;
  if (config.Read("qk_norm", qk_norm) && !qk_norm) config.Refuse("qk_norm false");
  VideoDitOptions o{.dim = 2048, .ffn_dim = 8192, .num_heads = 16, .num_layers = 32};
  config.Read("dim", o.dim);
  config.Read("ffn_dim", o.ffn_dim);
  config.Read("freq_dim", o.freq_dim);
  config.Read("num_heads", o.num_heads);
  config.Read("num_layers", o.num_layers);
  config.Read("in_dim", o.in_dim);
  config.Read("out_dim", o.out_dim);
  config.Read("patch_size", o.patch_size);
  config.Read("text_len", o.text_len);
  config.Read("text_dim", o.text_dim);
  config.Read("eps", o.eps);
  config.Read("cross_attn_norm", o.cross_attn_norm);
  if (model_type == "vace") {
    if (!config.Read("vace_layers", o.vace_layers)) {
      for (int64_t i = 0; i < o.num_layers; i += 2) o.vace_layers.push_back(i);
    }
    config.Read("vace_in_dim", o.vace_in_dim);
  }
  return o;
}

VideoVaeOptions VaeOptionsFromDiffusers(const nlohmann::json& json, const std::string& where) {
  const Config config(json, where);
  VideoVaeOptions o;
  std::string type = "AutoencoderKLWan";
  bool residual = false;
  int64_t in_channels = 3, out_channels = 3;
  std::vector<double> attention;
  config.Read("_class_name", type);
  config.Read("is_residual", residual);
  config.Read("in_channels", in_channels);
  config.Read("out_channels", out_channels);
  config.Read("attn_scales", attention);
  if (type != "AutoencoderKLWan") config.Refuse(fmt::format("_class_name '{}'", type));
  if (residual || config.Has("patch_size")) config.Refuse("the VAE of Wan2.2");
  if (in_channels != 3 || out_channels != 3) config.Refuse("a VAE of other than 3 channels");
  if (!attention.empty()) config.Refuse("attn_scales");
  config.Read("base_dim", o.dim);
  config.Read("decoder_base_dim", o.decoder_dim);
  config.Read("z_dim", o.z_dim);
  config.Read("dim_mult", o.dim_mult);
  config.Read("num_res_blocks", o.num_res_blocks);
  config.Read("temperal_downsample", o.temporal_down);
  config.Read("latents_mean", o.latents_mean);
  config.Read("latents_std", o.latents_std);
  return o;
}

WanFolder ReadWanFolder(const fs::path& path, bool dit) {
  WanFolder folder{.path = path};
  if (!fs::is_directory(path)) {
    throw Error(fmt::format("there is no folder {}", path.string()), "check --weights");
  }
  folder.diffusers = fs::exists(path / "vae" / "config.json");
  if (folder.diffusers) {
    const fs::path vae = path / "vae" / "config.json";
    folder.vae = VaeOptionsFromDiffusers(ReadConfig(vae), vae.string());
    if (!dit) return folder;
    const fs::path transformer = path / "transformer" / "config.json";
    folder.dit = DitOptionsFromDiffusers(ReadConfig(transformer), transformer.string());
    return folder;
  }
  if (!dit) return folder;
  const fs::path config = path / "config.json";
  if (!fs::exists(config)) {
    throw Error(fmt::format("{} holds no Wan2.1 model", path.string()),
                "transformer/ and vae/ as diffusers writes them, or the original config.json, "
                "diffusion_pytorch_model.safetensors and Wan2.1_VAE.pth");
  }
  folder.dit = DitOptionsFromOriginal(ReadConfig(config), config.string());
  return folder;
}

VideoDit OpenWanDit(const WanFolder& folder, at::ScalarType dtype) {
  VideoDit dit(folder.dit);
  dit->SetComputeType(dtype);
  const Weights weights =
      OpenWeights(FindWeights(folder.diffusers ? folder.path / "transformer" : folder.path,
                              {"diffusion_pytorch_model.safetensors"}));
  const bool renamed = HasDiffusersNames(weights.tensors);
  LoadTensors(*dit, weights.tensors, weights.source, renamed ? DiffusersDitName : KeyMap());
  Freeze(*dit);
  return dit;
}

VideoVae OpenWanVae(const WanFolder& folder, at::ScalarType dtype) {
  VideoVae vae(folder.vae);
  vae->SetComputeType(dtype);
  const Weights weights = OpenWeights(
      folder.diffusers ? FindWeights(folder.path / "vae", {"diffusion_pytorch_model.safetensors"})
                       : FindWeights(folder.path, {"Wan2.1_VAE.safetensors", "Wan2.1_VAE.pth"}));
  const bool renamed = HasDiffusersNames(weights.tensors);
  const int64_t blocks = folder.vae.num_res_blocks;
  LoadTensors(
      *vae, weights.tensors, weights.source,
      renamed ? KeyMap([blocks](const std::string& name) { return DiffusersVaeName(name, blocks); })
              : KeyMap());
  Freeze(*vae);
  return vae;
}

}  // namespace vega
