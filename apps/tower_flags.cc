// Flags to TowerOptions.

#include "apps/tower_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "sim/base/error.h"

namespace vega {
namespace {

constexpr char kGroup[] = "Tower";

struct Texts {
  std::string preset, size, frames = "frames";
};

// "832x480", or with the published '*': width, then height
void ParseSize(const std::string& text, TowerOptions& options) {
  int width = 0, height = 0, end = 0;
  if (std::sscanf(text.c_str(), "%d%*[x*]%d%n", &width, &height, &end) != 2 ||
      static_cast<size_t>(end) != text.size() || width < 1 || height < 1) {
    throw Error(fmt::format("a size is WIDTHxHEIGHT, not '{}'", text), "e.g. --size 832x480");
  }
  options.width = width;
  options.height = height;
}

void ApplyPreset(const CLI::App& mode, const std::string& name, TowerOptions& options) {
  const TowerOptions preset = TowerPreset(name);
  if (mode.count("--block") == 0) options.block = preset.block;
  if (mode.count("--timestep") == 0) options.timestep = preset.timestep;
  if (mode.count("--shift") == 0) options.shift = preset.shift;
  if (mode.count("--pool") == 0) options.pool = preset.pool;
}

}  // namespace

std::function<void()> AddTowerFlags(CLI::App& mode, TowerOptions& tower) {
  auto texts = std::make_shared<Texts>();
  const auto add = [&mode](const char* flag, auto& value, const char* help) {
    return mode.add_option(flag, value, help)->group(kGroup);
  };
  add("--tower", tower.tower,
      "wan_t2v, wan_vace, vae or vega-s, or one of the controls random-init:TOWER, "
      "noise-only:TOWER, "
      "shuffled-frames:TOWER");
  add("--weights", tower.weights,
      "folder: transformer/ and vae/ as diffusers writes them, the original Wan2.1 files, or a "
      "checkpoint (vega-s); without it the published size with drawn weights");
  add("--weights-seed", tower.weights_seed, "seed of drawn weights");
  add("--preset", texts->preset,
      "VEGA-3D's release: main-3d (block 20, pool 14) or spatial-reasoning (last block, own grid)");
  add("--block", tower.block, "block whose output is taken, from 0; -1: the last");
  add("--timestep", tower.timestep, "flow timestep, 0 to 1000; the nearest is taken");
  add("--shift", tower.shift, "shift of the flow schedule");
  add("--size", texts->size, "pixels the tower sees, WIDTHxHEIGHT")->default_str("832x480");
  add("--crop", tower.crop,
      "published: cover the size and cut the centre; square: the shorter side both ways");
  add("--range", tower.range,
      "what the frames' numbers mean: bytes, unit, signed, or published-guess");
  add("--pool", tower.pool, "side of the pooled grid; 0: the tower's own grid");
  add("--fps-mode", texts->frames, "frames: each its own video; clip: one causal clip");
  add("--dtype", tower.dtype, "fp32, or bf16 with the published precision rules");
  add("--device", tower.device, "cpu, cuda or cuda:N");
  add("--prompt-embedding", tower.prompt_embedding, "tensor file [L,text_dim]");
  add("--prompt", tower.prompt, "text, with --text-encoder");
  add("--text-encoder", tower.text_encoder, "folder of UMT5 and its spiece.model");
  add("--vace-tokens", tower.vace_tokens,
      "which of VACE's tokens are features: padded, as published, or frame");
  mode.add_flag("!--no-graphs", tower.graphs,
                "on a GPU, launch the DiT's kernels one by one instead of replaying a recording")
      ->group(kGroup);
  return [texts, &mode, &tower] {
    if (!texts->preset.empty()) ApplyPreset(mode, texts->preset, tower);
    if (!texts->size.empty()) ParseSize(texts->size, tower);
    tower.frames = texts->frames == "frames" ? "independent" : texts->frames;
  };
}

}  // namespace vega
