// vega bench features: how long a tower's stages take.

#include "apps/bench_features.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "agent/features_bench.h"
#include "apps/tower_flags.h"
#include "policies/torch_module.h"

namespace vega {
namespace {

// the q-quantile of sorted values
double Quantile(const std::vector<double>& sorted, double q) {
  return sorted[static_cast<size_t>(q * static_cast<double>(sorted.size() - 1) + 0.5)];
}

void Print(const FeaturesBenchOptions& options, const FeaturesBench& bench) {
  for (const FeaturesBenchFigure& figure : bench.figures) {
    std::vector<double> ms = figure.ms;
    std::sort(ms.begin(), ms.end());
    const TowerOptions& tower = options.tower;
    fmt::print("{}\n",
               nlohmann::ordered_json{{"name", figure.name},
                                      {"unit", "ms"},
                                      {"median", Quantile(ms, 0.5)},
                                      {"min", ms.front()},
                                      {"max", ms.back()},
                                      {"p90", Quantile(ms, 0.9)},
                                      {"n", ms.size()},
                                      {"threads", bench.threads},
                                      {"tower", tower.tower},
                                      {"weights", bench.weights},
                                      {"size", fmt::format("{}x{}", tower.width, tower.height)},
                                      {"block", tower.block},
                                      {"dtype", tower.dtype},
                                      {"device", tower.device},
                                      {"clips", options.clips},
                                      {"frames", options.frames}}
                   .dump());
  }
}

}  // namespace

std::function<int()> AddBenchFeatures(CLI::App& mode) {
  auto options = std::make_shared<FeaturesBenchOptions>();
  const auto finish = AddTowerFlags(mode, options->tower);
  mode.add_option("--clips", options->clips, "pictures, or causal clips, in one batch");
  mode.add_option("--frames", options->frames, "frames of a clip");
  mode.add_option("--threads", options->threads, "threads of one operation; 0: the machine's");
  mode.add_option("--runs", options->runs, "measured runs, after those that warm up");
  return [options, finish] {
    finish();
    Print(*options, OpenTorchModule().bench_features(*options));
    return 0;
  };
}

}  // namespace vega
