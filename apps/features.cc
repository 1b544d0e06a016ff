// vega features: what a tower, or the agent of a checkpoint, sees in a clip.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "agent/clip_features.h"
#include "agent/tower_features.h"
#include "apps/modes.h"
#include "policies/torch_module.h"
#include "sim/base/error.h"

namespace vega {
namespace {

struct Flags {
  ClipFeaturesOptions agent;
  TowerFeaturesOptions tower;
  std::string name, preset, size, frames;
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

void RunTower(CLI::App& mode, Flags& flags) {
  TowerOptions& tower = flags.tower.tower;
  // a preset gives what no flag does
  if (!flags.preset.empty()) {
    const TowerOptions preset = TowerPreset(flags.preset);
    if (mode.count("--block") == 0) tower.block = preset.block;
    if (mode.count("--timestep") == 0) tower.timestep = preset.timestep;
    if (mode.count("--shift") == 0) tower.shift = preset.shift;
    if (mode.count("--pool") == 0) tower.pool = preset.pool;
  }
  tower.tower = flags.name;
  if (!flags.size.empty()) ParseSize(flags.size, tower);
  tower.frames = flags.frames == "frames" ? "independent" : flags.frames;
  tower.device = flags.agent.device;
  if (flags.agent.block) tower.block = *flags.agent.block;
  if (flags.agent.timestep) tower.timestep = *flags.agent.timestep;
  flags.tower.clip = flags.agent.clip;
  flags.tower.noise = flags.agent.noise;
  flags.tower.out = flags.agent.out;
  flags.tower.seed = flags.agent.seed;
  const std::string times = OpenTorchModule().extract_tower_features(flags.tower);
  fmt::print("wrote {} (p50/p90: {})\n", flags.tower.out.string(), times);
}

}  // namespace

std::function<int()> AddFeatures(CLI::App& mode) {
  auto flags = std::make_shared<Flags>();
  ClipFeaturesOptions& agent = flags->agent;
  TowerOptions& tower = flags->tower.tower;
  mode.add_option("--clip", agent.clip,
                  "safetensors file of \"frames\" (--tower) or of \"clip\" or \"clip_CAMERA\" "
                  "(--model), [T,H,W,3] u8, row 0 top")
      ->required();
  mode.add_option("--out", agent.out, "safetensors file to write")->required();
  auto* name = mode.add_option("--tower", flags->name,
                               "wan_t2v, wan_vace, vae or vega-s; random-init:TOWER draws weights");
  auto* model = mode.add_option("--model", agent.model,
                                "the whole agent instead: vega-tiny or a checkpoint folder");
  model->excludes(name);
  mode.add_option("--block", agent.block, "block whose output is taken, from 0; -1: the last");
  mode.add_option("--timestep", agent.timestep, "flow timestep, 0 to 1000; the nearest is taken");
  mode.add_option("--seed", agent.seed, "seed of the noise");
  mode.add_option("--noise", agent.noise,
                  "safetensors file of \"noise\" to use instead: [T,C,1,h,w] f32, for one causal "
                  "clip also [1,C,t,h,w]; with --model \"noise\" or \"noise_CAMERA\" [C,t,h,w]");
  mode.add_option("--device", agent.device, "cpu, cuda or cuda:N");
  const auto tower_flag = [&](const char* flag, auto& value, const char* help) {
    return mode.add_option(flag, value, help)->needs(name)->group("With --tower");
  };
  tower_flag("--weights", tower.weights,
             "folder: transformer/ and vae/ as diffusers writes them, the original Wan2.1 files, "
             "or a checkpoint (vega-s); without it the published size with drawn weights");
  tower_flag("--weights-seed", tower.weights_seed, "seed of drawn weights");
  tower_flag("--preset", flags->preset,
             "VEGA-3D's release: main-3d (block 20, pool 14) or spatial-reasoning (last block, "
             "own grid)");
  tower_flag("--size", flags->size, "pixels the tower sees, WIDTHxHEIGHT (832x480)");
  tower_flag("--pool", tower.pool, "side of the pooled grid; 0: the tower's own grid");
  tower_flag("--shift", tower.shift, "shift of the flow schedule");
  tower_flag("--fps-mode", flags->frames, "frames: each its own video; clip: one causal clip")
      ->default_str("frames");
  flags->frames = "frames";
  tower_flag("--dtype", tower.dtype, "fp32, or bf16 with the published precision rules");
  tower_flag("--crop", tower.crop,
             "published: cover the size and cut the centre; square: the shorter side both ways");
  tower_flag("--range", tower.range,
             "what the frames' numbers mean: bytes, unit, signed, or published-guess");
  tower_flag("--prompt-embedding", tower.prompt_embedding, "tensor file [L,text_dim]");
  tower_flag("--prompt", tower.prompt, "text, with --text-encoder");
  tower_flag("--text-encoder", tower.text_encoder, "folder of UMT5 and its spiece.model");
  tower_flag("--vace-tokens", tower.vace_tokens,
             "which of VACE's tokens are features: padded, as published, or frame");
  tower_flag("--threads", flags->tower.threads, "threads of one operation; 0: the machine's");
  return [flags, &mode] {
    if (flags->name.empty()) {
      OpenTorchModule().extract_features(flags->agent);
      fmt::print("wrote {}\n", flags->agent.out.string());
    } else {
      RunTower(mode, *flags);
    }
    return 0;
  };
}

}  // namespace vega
