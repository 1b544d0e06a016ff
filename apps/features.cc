// vega features: the agent's features of a clip in a file.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "agent/clip_features.h"
#include "apps/modes.h"
#include "policies/torch_module.h"

namespace vega {

std::function<int()> AddFeatures(CLI::App& mode) {
  auto options = std::make_shared<ClipFeaturesOptions>();
  mode.add_option("--clip", options->clip,
                  "safetensors file of \"clip\" or \"clip_CAMERA\" [T,H,W,3] u8, row 0 top")
      ->required();
  mode.add_option("--out", options->out, "safetensors file to write")->required();
  mode.add_option("--model", options->model, "vega-tiny or a checkpoint folder");
  mode.add_option("--block", options->block, "block whose output is taken, from 0");
  mode.add_option("--timestep", options->timestep,
                  "flow timestep, 0 to 1000; the nearest is taken");
  mode.add_option("--seed", options->seed, "seed of the noise");
  mode.add_option("--noise", options->noise,
                  "safetensors file of \"noise\" or \"noise_CAMERA\" [C,t,h,w] f32 to use instead");
  mode.add_option("--device", options->device, "cpu, cuda or cuda:N");
  return [options] {
    OpenTorchModule().extract_features(*options);
    fmt::print("wrote {}\n", options->out.string());
    return 0;
  };
}

}  // namespace vega
