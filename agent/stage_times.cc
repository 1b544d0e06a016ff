// Quantiles of stage durations.

#include "agent/stage_times.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace vega {

std::string_view Name(Stage stage) {
  constexpr std::string_view kNames[] = {"preprocess", "vae",    "dit", "pool",
                                         "semantic",   "fusion", "head"};
  return kNames[static_cast<size_t>(stage)];
}

double StageTimes::Quantile(Stage stage, double q) const {
  std::vector<double> sorted = durations_[Index(stage)];
  if (sorted.empty()) return 0;
  const size_t rank = static_cast<size_t>(std::lround(q * static_cast<double>(sorted.size() - 1)));
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(rank),
                   sorted.end());
  return sorted[rank];
}

double StageTimes::Sum(Stage stage) const {
  const auto& durations = durations_[Index(stage)];
  return std::accumulate(durations.begin(), durations.end(), 0.0);
}

void StageTimes::Clear() {
  for (auto& durations : durations_) durations.clear();
}

}  // namespace vega
