// From options to a tower: sizes, weights, prompt, and the backend that runs them.

#include "agent/tower.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "agent/checkpoint.h"
#include "agent/control_backends.h"
#include "agent/device.h"
#include "agent/modules.h"
#include "agent/shapes.h"
#include "agent/umt5_encoder.h"
#include "agent/wan_folder.h"
#include "agent/weights.h"
#include "agent/world_model_tower.h"
#include "sim/base/error.h"
#include "sim/base/hash.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

constexpr char kRandomInit[] = "random-init:";

// the modules of a tower; without `dit` the VAE alone
struct Modules {
  VideoVae vae{nullptr};
  VideoDit dit{nullptr};
  at::Tensor prompt;  // of the checkpoint; undefined where it has none
};

at::ScalarType ParseDtype(const std::string& name) {
  if (name == "fp32") return at::kFloat;
  if (name == "bf16") return at::kBFloat16;
  throw Error(fmt::format("unknown dtype '{}'", name), "dtypes: fp32, bf16");
}

// VACE of the published size: hints after every second block
VideoDitOptions PublishedDit(const std::string& tower) {
  VideoDitOptions o;
  for (int64_t i = 0; tower == "wan_vace" && i < o.num_layers; i += 2) o.vace_layers.push_back(i);
  return o;
}

Modules DrawModules(const WanFolder& sizes, bool dit, at::ScalarType dtype, uint64_t seed) {
  Modules m;
  m.vae = VideoVae(sizes.vae);
  InitializeWeights(*m.vae, seed);
  m.vae->SetComputeType(dtype);
  if (!dit) return m;
  m.dit = VideoDit(sizes.dit);
  InitializeWeights(*m.dit, seed);
  m.dit->SetComputeType(dtype);
  return m;
}

Modules CheckpointModules(const fs::path& folder, bool draw, at::ScalarType dtype, uint64_t seed) {
  const CheckpointConfig config = ReadCheckpointConfig(folder);
  const WanFolder sizes{.path = folder, .dit = config.model.dit, .vae = config.model.vae};
  if (draw) return DrawModules(sizes, true, dtype, seed);
  Modules m{VideoVae(sizes.vae), VideoDit(sizes.dit), {}};
  m.vae->SetComputeType(dtype);
  m.dit->SetComputeType(dtype);
  const Weights weights = OpenWeights(folder / "model.safetensors");
  const auto below = [](const std::string& prefix) {
    return [prefix](const std::string& key) { return prefix + key; };
  };
  LoadTensors(*m.vae, weights.tensors, weights.source, below("model.vae."), /*strict=*/false);
  LoadTensors(*m.dit, weights.tensors, weights.source, below("model.dit."), /*strict=*/false);
  const auto prompt = weights.tensors.find("model.prompt_embedding");
  if (prompt != weights.tensors.end()) m.prompt = prompt->second.to(at::kFloat);
  Freeze(*m.vae), Freeze(*m.dit);
  return m;
}

Modules OpenModules(const TowerOptions& o, bool draw) {
  const at::ScalarType dtype = ParseDtype(o.dtype);
  const bool dit = o.tower != "vae";
  if (o.tower == "vega-s") {
    if (o.weights.empty()) {
      throw Error("the tower vega-s needs a checkpoint", "give its folder as --weights");
    }
    return CheckpointModules(o.weights, draw, dtype, o.weights_seed);
  }
  WanFolder folder;
  folder.dit = PublishedDit(o.tower);
  if (!o.weights.empty()) folder = ReadWanFolder(o.weights, dit);
  if (dit && folder.dit.vace_layers.empty() != (o.tower == "wan_t2v")) {
    throw Error(fmt::format("the model in {} is {}", o.weights.string(),
                            folder.dit.vace_layers.empty() ? "text to video" : "VACE"),
                folder.dit.vace_layers.empty() ? "--tower wan_t2v" : "--tower wan_vace");
  }
  if (draw) return DrawModules(folder, dit, dtype, o.weights_seed);
  Modules m;
  m.vae = OpenWanVae(folder, dtype);
  if (dit) m.dit = OpenWanDit(folder, dtype);
  return m;
}

// the one tensor of a file, or the one named prompt_embedding: [L,width] f32
at::Tensor ReadPrompt(const fs::path& file, int64_t width) {
  const Weights weights = OpenWeights(file);
  const auto named = weights.tensors.find("prompt_embedding");
  if (named == weights.tensors.end() && weights.tensors.size() != 1) {
    throw Error(fmt::format("{} holds {} tensors and none is 'prompt_embedding'", file.string(),
                            weights.tensors.size()));
  }
  at::Tensor prompt =
      named == weights.tensors.end() ? weights.tensors.begin()->second : named->second;
  if (prompt.dim() == 3 && prompt.size(0) == 1) prompt = prompt[0];
  RequireShape(prompt, {-1, width}, file.string() + ": the prompt embedding", "[L,text_dim]");
  if (!prompt.is_floating_point()) {
    throw Error(fmt::format("{}: the prompt embedding is {}, not of floats", file.string(),
                            c10::toString(prompt.scalar_type())));
  }
  return prompt.to(at::kFloat);
}

at::Tensor OpenPrompt(const TowerOptions& o, const Modules& m, std::string& from) {
  const int64_t width = m.dit->options().text_dim;
  fs::path file = o.prompt_embedding;
  for (const char* name : {"prompt_embedding.safetensors", "prompt_embedding.pt"}) {
    const bool given = !file.empty() || !o.prompt.empty() || !o.text_encoder.empty();
    if (!given && !o.weights.empty() && fs::exists(o.weights / name)) file = o.weights / name;
  }
  if (!file.empty()) {
    from = file.string();
    return ReadPrompt(file, width);
  }
  if (!o.text_encoder.empty()) {
    from = fmt::format("'{}' by {}", o.prompt, o.text_encoder.string());
    const at::Tensor prompt = Umt5TextEncoder(o.text_encoder).Encode(o.prompt);  // [L,text_dim]
    RequireShape(prompt, {-1, width}, "the text encoder's output", "[L,text_dim]");
    return prompt;
  }
  if (!o.prompt.empty()) {
    throw Error("a prompt needs a text encoder", "give the folder of UMT5 as --text-encoder");
  }
  if (m.prompt.defined()) {
    from = "checkpoint";
    return m.prompt;
  }
  from = "zeros";
  return at::zeros({1, width});
}

std::string Identity(const Tower& tower) {
  const TowerOptions& o = tower.options;
  std::string text =
      fmt::format("{}|{}|{}|{}|{}|{}x{}|{}|{}|{}|{}|{}|{}|{}|{}", o.tower, tower.weights, o.block,
                  tower.level.timestep, o.shift, o.width, o.height, o.pool, o.frames, o.range,
                  o.dtype, tower.prompt, o.vace_tokens, o.crop, o.device);
  // weights are told apart by their files' sizes and times, not read
  std::vector<std::string> files;
  std::error_code error;
  if (!o.weights.empty()) {
    for (const auto& entry : fs::recursive_directory_iterator(o.weights, error)) {
      if (!entry.is_regular_file(error)) continue;
      files.push_back(fmt::format("{}:{}:{}", entry.path().string(), entry.file_size(error),
                                  entry.last_write_time(error).time_since_epoch().count()));
    }
  }
  std::sort(files.begin(), files.end());
  return fmt::format("{:016x}", Hash64(fmt::format("{}|{}", text, fmt::join(files, "|"))));
}

// The control a name starts with, e.g. "noise-only" of "noise-only:vae"; the rest is put in
// `inner`, which is wan_t2v where there is none. Empty for a tower's own name.
std::string SplitControl(const std::string& name, std::string& inner) {
  for (const char* control : {"noise-only", "shuffled-frames"}) {
    if (name != control && !name.starts_with(std::string(control) + ":")) continue;
    const size_t colon = name.find(':');
    inner = colon == std::string::npos ? "wan_t2v" : name.substr(colon + 1);
    return control;
  }
  return {};
}

}  // namespace

Tower OpenTower(const TowerOptions& options) {
  TowerOptions inner = options;
  if (const std::string control = SplitControl(options.tower, inner.tower); !control.empty()) {
    Tower tower = OpenTower(inner);
    if (control == "noise-only") {
      tower.backend = std::make_shared<NoiseOnlyBackend>(tower.backend);
    } else {
      tower.backend = std::make_shared<ShuffledFramesBackend>(tower.backend);
    }
    tower.options.tower = control + ":" + tower.options.tower;
    tower.identity = control + "/" + tower.identity;
    return tower;
  }
  Tower tower{.options = options};
  TowerOptions& o = tower.options;
  bool draw = o.weights.empty();
  if (o.tower == "random-init") o.tower = "random-init:wan_t2v";
  if (o.tower.starts_with(kRandomInit)) {
    o.tower.erase(0, sizeof(kRandomInit) - 1);
    draw = true;
  }
  const auto names = TowerNames();
  if (std::find(names.begin(), names.end(), o.tower) == names.end()) {
    throw Error(
        fmt::format("unknown tower '{}'", o.tower),
        fmt::format(
            "towers: {}; controls: random-init:TOWER, noise-only:TOWER, shuffled-frames:TOWER",
            fmt::join(names, ", ")));
  }
  if (o.frames != "independent" && o.frames != "clip") {
    throw Error(fmt::format("unknown frames mode '{}'", o.frames), "modes: independent, clip");
  }
  if (o.vace_tokens != "padded" && o.vace_tokens != "frame") {
    throw Error(fmt::format("unknown choice of VACE tokens '{}'", o.vace_tokens), "padded, frame");
  }
  if (o.crop == "square") {
    o.width = o.height = std::min(o.width, o.height);
  } else if (o.crop != "published") {
    throw Error(fmt::format("unknown crop '{}'", o.crop), "crops: published, square");
  }
  if (o.pool < 0) throw Error(fmt::format("a pooled grid of {} cells", o.pool), "--pool 0 or more");

  const c10::Device device = OpenDevice(o.device);
  Modules m = OpenModules(o, draw);
  tower.weights = draw ? fmt::format("drawn from seed {}", o.weights_seed) : o.weights.string();
  WorldModelOptions world{.height = o.height,
                          .width = o.width,
                          .range = ParsePixelRange(o.range),
                          .block = o.block,
                          .timestep = o.timestep,
                          .shift = o.shift,
                          .pool = o.pool,
                          .vace_tokens = o.vace_tokens,
                          .also_blocks = o.also_blocks,
                          .graphs = o.graphs};
  m.vae->to(device);
  if (o.tower == "vae") {
    if (!o.also_blocks.empty()) throw Error("the tower vae has no blocks", "no --also-blocks");
    tower.backend = std::make_shared<VaeTower>(m.vae, world);
  } else {
    m.dit->to(device);
    const at::Tensor prompt = OpenPrompt(o, m, tower.prompt);
    tower.context_rows = prompt.size(0);
    const auto backend = std::make_shared<WorldModelTower>(m.vae, m.dit, prompt, world);
    tower.level = backend->noise_level();
    o.block = backend->block();
    tower.backend = backend;
  }
  tower.identity = Identity(tower);
  return tower;
}

}  // namespace vega
