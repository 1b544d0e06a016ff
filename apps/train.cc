// vega train: runs a recipe's stages and leaves checkpoints.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "agent/train/trainer.h"
#include "apps/interrupt.h"
#include "apps/modes.h"
#include "apps/training_data.h"
#include "policies/registry.h"
#include "policies/torch_module.h"
#include "sim/base/error.h"
#include "sim/base/paths.h"
#include "sim/egl_renderer.h"
#include "tasks/evaluation/evaluation.h"
#include "tasks/evaluation/progress.h"
#include "tasks/evaluation/task_list.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

constexpr int kInterrupted = 130;

struct TrainFlags {
  fs::path recipe;
  std::string out;
  fs::path data;
  bool resume = false;
  int threads = 0;
  std::string device = "cpu";
};

// A bar on a terminal, a line a report elsewhere; and the episodes that show how far a policy is.
class TrainConsole : public TrainObserver {
 public:
  explicit TrainConsole(std::atomic<bool>& stop) : stop_(stop), terminal_(isatty(2) != 0) {}

  void Say(const std::string& line) override {
    fmt::print(stderr, "{}{}\n", terminal_ ? "\r\033[K" : "", line);
    std::fflush(stderr);
  }

  void Report(const TrainProgress& p) override {
    if (p.stage != stage_) {
      stage_ = p.stage;
      began_ = Clock::now();
      begun_at_ = p.step;
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
    std::string text =
        fmt::format("{} {}/{}  {:.1f} samples/s", p.name, p.step, p.steps, p.samples_per_s);
    if (p.step > begun_at_) {
      const double each = seconds / static_cast<double>(p.step - begun_at_);
      text += fmt::format("  ETA {}", FormatDuration(each * static_cast<double>(p.steps - p.step)));
    }
    for (const auto& [name, value] : p.scalars) text += fmt::format("  {} {:.4g}", name, value);
    fmt::print(stderr, "{}{}{}", terminal_ ? "\r" : "", text, terminal_ ? "\033[K" : "\n");
    std::fflush(stderr);
  }

  std::map<std::string, double> Evaluate(const fs::path& checkpoint,
                                         const EvaluationPlan& plan) override {
    std::map<std::string, double> rates;
    const PolicySource policy = OpenPolicy(checkpoint.string());
    for (const std::string& name : plan.suites) {
      const Suite suite = LoadSuite(name);
      std::vector<EpisodeJob> jobs;
      for (const int task : ParseTaskList(plan.tasks, suite)) {
        const TaskEntry& entry = suite.tasks[task];
        for (int episode = 0; episode < plan.episodes; ++episode) {
          jobs.push_back(
              {{suite.name, task, entry.name, entry.instruction, suite.horizon}, episode});
        }
      }
      int successes = 0, played = 0;
      EvaluationSources sources;
      sources.load_task = [&](int task) { return LoadTask(suite, task); };
      sources.make_policy = policy.make;
      const RenderQuality quality = policy.contract.render_quality.value_or(RenderQuality::kExact);
      sources.make_renderer = [quality] {
        return std::make_unique<EglRenderer>(EglRendererOptions{.quality = quality});
      };
      sources.done = [&](const EpisodeRecord& record) {
        successes += record.outcome == Outcome::kSuccess;
        ++played;
      };
      const EvaluationOptions options{.cameras = policy.contract.cameras,
                                      .image_size = policy.contract.image_size};
      vega::Evaluate(jobs, options, sources, stop_);
      if (played < static_cast<int>(jobs.size())) break;  // interrupted
      rates["success/" + name] = static_cast<double>(successes) / played;
      Say(fmt::format("{}: {} of {} episodes solved", name, successes, played));
    }
    return rates;
  }

  void End() const {
    if (terminal_) fmt::print(stderr, "\n");
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::atomic<bool>& stop_;
  bool terminal_;
  int stage_ = -1;  // of the last report
  Clock::time_point began_;
  int64_t begun_at_ = 0;  // step
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
  MakeTrainingData(options.recipe.data, options.data, stop);
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
  mode.add_option("--threads", flags->threads, "of one operation; 0 = the machine's")
      ->check(CLI::Range(0, 1024));
  mode.add_option("--device", flags->device, "cpu, cuda or cuda:N");
  return [flags] { return Run(*flags); };
}

}  // namespace vega
