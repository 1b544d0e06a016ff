// vega train: runs a recipe's stages and leaves checkpoints.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "agent/train/trainer.h"
#include "apps/interrupt.h"
#include "apps/modes.h"
#include "apps/train_console.h"
#include "apps/training_data.h"
#include "policies/torch_module.h"
#include "sim/base/paths.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

struct TrainFlags {
  fs::path recipe;
  std::string out;
  fs::path data;
  bool resume = false;
  int threads = 0;
  std::string device = "cpu";
};

int Run(const TrainFlags& flags) {
  std::atomic<bool> stop = false;
  const Interrupt interrupt(stop);
  const TorchModule& torch = OpenTorchModule();
  TrainOptions options{.recipe = torch.read_recipe(flags.recipe),
                       .data = flags.data.empty() ? VegaHome() / "train" : flags.data,
                       .resume = flags.resume,
                       .threads = flags.threads,
                       .device = flags.device};
  if (!flags.out.empty()) options.recipe.out = flags.out;
  TrainConsole console(stop);
  MakeTrainingData(options.recipe.data, {.folder = options.data}, stop);
  const bool whole = !stop && torch.train(options, console, stop);
  console.End();
  if (!whole) {
    fmt::print(stderr,
               "vega train: interrupted (continue with ./vega train {} --out {} --resume)\n",
               flags.recipe.string(), options.recipe.out);
    return kInterrupted;
  }
  fmt::print("trained: {}\n", (fs::path(options.recipe.out) / "model").string());
  return 0;
}

}  // namespace

std::function<int()> AddTrain(CLI::App& mode) {
  auto flags = std::make_shared<TrainFlags>();
  mode.add_option("CONFIG", flags->recipe, "recipe, e.g. assets/recipes/smoke.json")
      ->required()
      ->check(CLI::ExistingFile);
  mode.add_option("--out", flags->out, "run folder; default the recipe's, else runs/NAME");
  mode.add_option("--data", flags->data,
                  "folder that the recipe's packs lie in; default $VEGA_HOME/train");
  mode.add_flag("--resume", flags->resume, "go on where the run folder stands");
  mode.add_option("--threads", flags->threads, "threads that share a step; 0 = the machine's")
      ->check(CLI::Range(0, 1024));
  mode.add_option("--device", flags->device, "cpu, cuda or cuda:N");
  return [flags] { return Run(*flags); };
}

}  // namespace vega
