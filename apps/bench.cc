// vega bench: measured figures, one JSON line each.

#include <CLI/CLI.hpp>
#include <memory>

#include "apps/bench_features.h"
#include "apps/modes.h"

namespace vega {

std::function<int()> AddBench(CLI::App& mode) {
  mode.require_subcommand(1);
  CLI::App* features = mode.add_subcommand("features", "VAE and DiT of a tower.");
  return AddBenchFeatures(*features);
}

}  // namespace vega
