// The same request, again and again.

#include "agent/features_bench.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>

#include "agent/device.h"
#include "agent/tower.h"
#include "sim/base/error.h"

namespace vega {

FeaturesBench BenchFeatures(const FeaturesBenchOptions& options) {
  if (options.clips < 1 || options.frames < 1 || options.runs < 1 || options.threads < 0) {
    throw Error("a bench needs clips, frames and runs of 1 or more");
  }
  if (options.threads > 0) SetTorchThreads(options.threads);
  const Tower tower = OpenTower(options.tower);
  const TowerOptions& o = tower.options;
  FeatureRequest request;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(0);
  request.frames = at::randint(256, {options.clips, options.frames, o.height, o.width, 3},
                               generator, at::TensorOptions().dtype(at::kByte));
  for (int64_t i = 0; i < options.clips; ++i) {
    request.noise.push_back({0, "bench", static_cast<uint64_t>(i)});
  }
  FeaturesBench bench{.threads = at::get_num_threads(), .weights = tower.weights};
  constexpr Stage kStages[] = {Stage::kPreprocess, Stage::kVae, Stage::kDit, Stage::kPool};
  for (const Stage stage : kStages) {
    bench.figures.push_back({"features." + std::string(Name(stage)), {}});
  }
  bench.figures.push_back({"features.total", {}});
  // the first run reads the weights from disk; on a GPU the second records a graph
  const int unmeasured = o.device == "cpu" ? 1 : 3;
  for (int run = 0; run < unmeasured + options.runs; ++run) {
    StageTimes times;
    tower.backend->Extract(request, &times);
    if (run < unmeasured) continue;
    double total = 0;
    for (size_t i = 0; i < std::size(kStages); ++i) {
      const double ms = times.Sum(kStages[i]);
      bench.figures[i].ms.push_back(ms);
      total += ms;
    }
    bench.figures.back().ms.push_back(total);
  }
  return bench;
}

}  // namespace vega
