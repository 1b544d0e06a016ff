// vega generate: new problems over LIBERO's scenes.

#include "apps/generate.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "apps/interrupt.h"
#include "apps/modes.h"
#include "apps/policies.h"
#include "sim/egl_renderer.h"
#include "sim/png.h"
#include "tasks/environment.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

constexpr int kSheetTile = 128;     // pixels
constexpr size_t kSheetMost = 100;  // problems shown

// the start of up to a hundred problems, as the scene camera sees it
void WriteContactSheet(const std::string& folder, const std::string& file) {
  const Suite suite = LoadSuite(folder);
  const size_t shown = std::min(suite.tasks.size(), kSheetMost);
  const int columns = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(shown))));
  const int rows = static_cast<int>((shown + columns - 1) / columns);
  Image sheet;
  sheet.width = columns * kSheetTile;
  sheet.height = rows * kSheetTile;
  sheet.pixels.assign(3 * static_cast<size_t>(sheet.width) * sheet.height, 0);
  EglRenderer renderer;
  for (size_t i = 0; i < shown; ++i) {
    // evenly over the suite
    const auto index = static_cast<int>(i * suite.tasks.size() / shown);
    const std::shared_ptr<const Task> task = LoadTask(suite, index);
    Environment environment(task, {.cameras = {"agentview"}, .image_size = kSheetTile}, &renderer);
    const auto sampler = task->NewResetSampler();
    sampler->Seed(0);
    environment.Reset(sampler->Sample(), {});
    for (int step = 0; step < 10; ++step) environment.Step(kNoOp, false);
    environment.Draw();
    const Image& tile = environment.frames()[0];
    const size_t left = (i % columns) * kSheetTile, top = (i / columns) * kSheetTile;
    for (int row = 0; row < kSheetTile; ++row) {
      std::copy_n(tile.pixels.begin() + 3 * static_cast<size_t>(row) * kSheetTile, 3 * kSheetTile,
                  sheet.pixels.begin() + 3 * ((top + row) * sheet.width + left));
    }
  }
  WritePng(file, sheet);
}

}  // namespace

GenerateFlags::GenerateFlags() {
  generate.suites = {"libero_spatial", "libero_object", "libero_goal", "libero_10", "libero_90"};
}

int RunGenerate(GenerateFlags flags, std::atomic<bool>& stop) {
  flags.generate.folder = flags.out;
  flags.generate.make_expert = OpenAnyPolicy("expert").make;
  Generator generator(flags.generate);
  const int count = flags.generate.count;
  const bool whole = generator.Run(
      [&](const GeneratedProblem& problem) {
        fmt::print(stderr, "[{}/{}] {} ({} draws, {:.1f} s)\n", generator.problems().size(), count,
                   problem.name.empty() ? "none certified" : problem.name, problem.draws,
                   problem.seconds);
      },
      stop);
  int certified = 0, draws = 0;
  double seconds = 0;
  std::set<std::string> scenes;
  for (const GeneratedProblem& problem : generator.problems()) {
    certified += !problem.name.empty();
    draws += problem.draws;
    seconds += problem.seconds;
    if (!problem.name.empty()) scenes.insert(problem.scene);
  }
  const auto made = static_cast<double>(std::max<size_t>(1, generator.problems().size()));
  fmt::print(
      "{}: {} of {} problems certified, {} of {} draws ({:.0f} %), {} scene classes, "
      "{:.1f} s a problem\n",
      flags.out, certified, generator.problems().size(), certified, draws,
      100.0 * certified / std::max(1, draws), scenes.size(), seconds / made);
  if (!whole) {
    fmt::print(stderr, "vega generate: interrupted (run the same command again to go on)\n");
    return kInterrupted;
  }
  if (!flags.sheet.empty()) WriteContactSheet(flags.out, flags.sheet);
  return certified > 0 ? 0 : 1;
}

std::function<int()> AddGenerate(CLI::App& mode) {
  auto flags = std::make_shared<GenerateFlags>();
  GenerateOptions& o = flags->generate;
  mode.add_option("--out", flags->out, "new folder, or one to go on with; usable as --suite")
      ->required();
  mode.add_option("--count", o.count, "problems")->check(CLI::Range(1, 1000000));
  mode.add_option("--from", o.suites, "LIBERO suites whose problems are varied")->delimiter(',');
  mode.add_option_function<std::string>(
          "--places", [&o](const std::string& name) { o.draw.places = ParsePlaces(name); },
          "drawn = anything within reach of the robot; own = everything stays where LIBERO has it, "
          "only goal and words are new; default drawn")
      ->check(CLI::IsMember({"drawn", "own"}));
  mode.add_option("--sizes", o.draw.sizes,
                  "objects have 1/(1 + X) to 1 + X times their size; 0 = their own")
      ->check(CLI::Range(0.0, kMostSizes));
  mode.add_option("--seed", o.seed, "seed of every draw");
  mode.add_option("--attempts", o.attempts, "draws a problem may take until the expert solves one")
      ->check(CLI::Range(1, 100));
  mode.add_option("--workers", o.workers, "threads; 0 = one a core")->check(CLI::Range(0, 1024));
  mode.add_option("--contact-sheet", flags->sheet, "PNG of up to 100 of the problems' starts");
  return [flags] {
    std::atomic<bool> stop = false;
    const Interrupt interrupt(stop);
    return RunGenerate(*flags, stop);
  };
}

}  // namespace vega
