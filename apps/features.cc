// vega features: what a tower, or the agent of a checkpoint, sees in a clip.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "agent/clip_features.h"
#include "agent/tower_features.h"
#include "apps/modes.h"
#include "apps/tower_flags.h"
#include "policies/torch_module.h"
#include "sim/base/error.h"

namespace vega {
namespace {

struct Flags {
  ClipFeaturesOptions agent;
  TowerFeaturesOptions tower;
};

void RunTower(TowerFeaturesOptions& options, const ClipFeaturesOptions& shared) {
  options.pictures = shared.pictures;
  options.clip = shared.clip;
  options.noise = shared.noise;
  options.out = shared.out;
  options.seed = shared.seed;
  const std::string times = OpenTorchModule().extract_tower_features(options);
  fmt::print("wrote {} (p50/p90: {})\n", options.out.string(), times);
}

void RunAgent(ClipFeaturesOptions& options, const CLI::App& mode, const TowerOptions& tower) {
  for (const char* flag : {"--weights",
                           "--weights-seed",
                           "--preset",
                           "--shift",
                           "--size",
                           "--crop",
                           "--range",
                           "--pool",
                           "--fps-mode",
                           "--dtype",
                           "--prompt-embedding",
                           "--prompt",
                           "--text-encoder",
                           "--vace-tokens",
                           "--threads",
                           "--cache",
                           "--compare",
                           "--also-blocks",
                           "--stream",
                           "--no-graphs"}) {
    if (mode.count(flag) > 0) throw Error(fmt::format("{} goes with --tower", flag));
  }
  if (mode.count("--block") > 0) options.block = tower.block;
  if (mode.count("--timestep") > 0) options.timestep = tower.timestep;
  options.device = tower.device;
  const std::string times = OpenTorchModule().extract_features(options);
  fmt::print("wrote {} (p50/p90: {})\n", options.out.string(), times);
}

}  // namespace

std::function<int()> AddFeatures(CLI::App& mode) {
  auto flags = std::make_shared<Flags>();
  ClipFeaturesOptions& agent = flags->agent;
  mode.add_option("--clip", agent.clip,
                  "safetensors file of \"frames\" (--tower) or of \"clip\" or \"clip_CAMERA\" "
                  "(--model), [T,H,W,3] u8, row 0 top")
      ->required();
  mode.add_option("--out", agent.out, "safetensors file to write")->required();
  mode.add_option("--model", agent.model,
                  "without --tower, the whole agent: vega-tiny or a checkpoint folder");
  mode.add_option("--seed", agent.seed, "seed of the noise");
  mode.add_option("--noise", agent.noise,
                  "safetensors file of \"noise\" to use instead: [T,C,1,h,w] f32, for one causal "
                  "clip also [1,C,t,h,w]; with --model \"noise\" or \"noise_CAMERA\" [C,t,h,w]");
  mode.add_option(
      "--pictures", agent.pictures,
      "folder for PNG files: principal components, lengths of tokens and, with --model, "
      "gate, laid over what the camera saw");
  auto* cache = mode.add_option("--cache", flags->tower.cache,
                                "with --tower, folder of features computed before, by the content "
                                "of clip, noise and tower; processes may share it");
  mode.add_option("--cache-bytes", flags->tower.cache_bytes,
                  "it may hold; the least recently used go first")
      ->needs(cache)
      ->check(CLI::PositiveNumber);
  auto* compare = mode.add_option("--compare", flags->tower.compare,
                                  "with --tower, also run this one with the same options and say "
                                  "how far its features are from the first one's")
                      ->excludes(cache);
  mode.add_option("--compare-weights", flags->tower.compare_weights, "its folder")->needs(compare);
  mode.add_option("--threads", flags->tower.threads,
                  "threads of one operation, with --tower; 0: the machine's");
  auto* also = mode.add_option("--also-blocks", flags->tower.tower.also_blocks,
                               "with --tower, blocks before --block whose tokens are written too, "
                               "as tokens_K and pooled_K, e.g. 5,10,15")
                   ->delimiter(',')
                   ->excludes(cache);
  also->excludes(compare);
  auto* stream =
      mode.add_option(
              "--stream", flags->tower.stream,
              "with --tower, take the frames as they would come and encode only new ones: 0 "
              "is bit-equal to encoding anew; with X a frame takes over the latents of one "
              "that looks like it, no 8x8 pixels differing by more than X (pixels from -1 "
              "to 1)")
          ->check(CLI::NonNegativeNumber)
          ->excludes(cache);
  stream->excludes(compare);
  mode.add_flag("--stream-error", flags->tower.stream_error,
                "also encode anew, and say how far the stream is from that")
      ->needs(stream);
  const auto finish = AddTowerFlags(mode, flags->tower.tower);
  mode.get_option("--model")->excludes(mode.get_option("--tower"));
  return [flags, finish, &mode] {
    finish();
    if (mode.count("--tower") > 0) {
      RunTower(flags->tower, flags->agent);
    } else {
      RunAgent(flags->agent, mode, flags->tower.tower);
    }
    return 0;
  };
}

}  // namespace vega
