// Some steps of one stage of a recipe, in a folder that is gone afterwards.

#include "apps/bench_train.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "agent/train/trainer.h"
#include "apps/bench_figure.h"
#include "policies/torch_module.h"
#include "sim/base/error.h"
#include "sim/base/paths.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

struct BenchTrainOptions {
  fs::path recipe, data;
  std::string stage = "policy";
  int steps = 20;
  int threads = 0;
  std::string device = "cpu";
};

// Keeps the time of every step.
class StepTimes : public TrainObserver {
 public:
  explicit StepTimes(int64_t batch) : batch_(static_cast<double>(batch)) {}
  void Say(const std::string&) override {}
  void Report(const TrainProgress& progress) override {
    ms.push_back(1e3 * batch_ / progress.samples_per_s);
  }
  std::map<std::string, double> Evaluate(const fs::path&, const EvaluationPlan&) override {
    return {};
  }

  std::vector<double> ms;

 private:
  double batch_;
};

// A folder of its own that is removed with it.
class ScratchFolder {
 public:
  ScratchFolder()
      : path_(fs::temp_directory_path() / fmt::format("vega-bench-train-{}", getpid())) {}
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

int Run(const BenchTrainOptions& o) {
  const TorchModule& torch = OpenTorchModule();
  Recipe recipe = torch.read_recipe(o.recipe);
  const auto found = std::find_if(recipe.stages.begin(), recipe.stages.end(),
                                  [&](const StageOptions& s) { return s.stage == o.stage; });
  if (found == recipe.stages.end()) {
    throw Error(fmt::format("{} has no stage {}", o.recipe.string(), o.stage),
                "see its \"stages\"");
  }
  StageOptions stage = *found;
  constexpr int kWarmUp = 3;
  stage.steps = o.steps + kWarmUp;
  stage.report_every = 1;
  stage.validate_every = stage.save_every = stage.steps + 1;
  stage.validation_batches = 1;
  stage.evaluation = {};
  const ScratchFolder scratch;
  recipe.out = scratch.path();
  recipe.stages = {stage};
  StepTimes times(stage.batch);
  const std::atomic<bool> stop = false;
  torch.train({.recipe = recipe,
               .data = o.data.empty() ? VegaHome() / "train" : o.data,
               .threads = o.threads,
               .device = o.device},
              times, stop);
  Print(Figure{.name = "train.step",
               .unit = "ms",
               .samples = {times.ms.begin() + kWarmUp, times.ms.end()},
               .threads = o.threads});
  return 0;
}

}  // namespace

std::function<int()> AddBenchTrain(CLI::App& mode) {
  auto options = std::make_shared<BenchTrainOptions>();
  mode.add_option("CONFIG", options->recipe, "recipe")->required()->check(CLI::ExistingFile);
  mode.add_option("--stage", options->stage, "vae, world, semantic or policy");
  mode.add_option("--data", options->data,
                  "folder of the recipe's packs; default $VEGA_HOME/train");
  mode.add_option("--steps", options->steps, "measured steps, after three that are not")
      ->check(CLI::Range(1, 100000));
  mode.add_option("--threads", options->threads, "threads that share a step; 0: the machine's")
      ->check(CLI::Range(0, 1024));
  mode.add_option("--device", options->device, "cpu, cuda or cuda:N");
  return [options] { return Run(*options); };
}

}  // namespace vega
