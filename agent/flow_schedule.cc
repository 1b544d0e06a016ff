// Sigma table, nearest timestep and counter-based noise. The reference for the table is
// wan/utils/fm_solvers_unipc.py of Wan2.1.

#include "agent/flow_schedule.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <span>

#include "sim/base/error.h"
#include "sim/base/random.h"

namespace vega {
namespace {

constexpr int64_t kTrainTimesteps = 1000;

}  // namespace

FlowSchedule::FlowSchedule(double shift, int64_t steps) {
  if (steps < 1 || !(shift > 0)) {
    throw Error(fmt::format("no flow schedule of {} steps and shift {}", steps, shift),
                "steps >= 1, shift > 0");
  }
  // the training grid is kept in single precision, the inference grid in double
  const double sigma_max = static_cast<float>(1.0 - 1.0 / kTrainTimesteps), sigma_min = 0.0;
  const double step = (sigma_min - sigma_max) / static_cast<double>(steps);
  for (int64_t i = 0; i < steps; ++i) {
    const double even = static_cast<double>(i) * step + sigma_max;
    const double sigma = shift * even / (1.0 + (shift - 1.0) * even);
    entries_.push_back({static_cast<int64_t>(sigma * kTrainTimesteps), static_cast<float>(sigma)});
  }
}

const FlowSchedule::Entry& FlowSchedule::Nearest(int64_t target) const {
  if (target < 0 || target > kTrainTimesteps) {
    throw Error(fmt::format("timestep {} is outside 0..{}", target, kTrainTimesteps));
  }
  size_t best = 0;
  for (size_t i = 1; i < entries_.size(); ++i) {
    const int64_t distance = std::abs(entries_[i].timestep - target);
    const int64_t least = std::abs(entries_[best].timestep - target);
    const bool same = entries_[i].timestep == entries_[best].timestep;
    if (distance < least || (distance == least && same)) best = i;
  }
  return entries_[best];
}

at::Tensor DrawNoise(const std::vector<NoiseKey>& keys, at::IntArrayRef shape) {
  std::vector<int64_t> full = {static_cast<int64_t>(keys.size())};
  full.insert(full.end(), shape.begin(), shape.end());
  at::Tensor noise = at::empty(full);  // [keys, shape...]
  const size_t count = keys.empty() ? 0 : noise.numel() / keys.size();
  float* out = noise.data_ptr<float>();
  at::parallel_for(0, full[0], 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      RandomStream(keys[i].seed, "noise/" + keys[i].stream, keys[i].step)
          .FillNormal(std::span(out + i * count, count));
    }
  });
  return noise;
}

at::Tensor AddNoise(const at::Tensor& latents, const at::Tensor& noise, float sigma) {
  return latents * (1.0f - sigma) + noise * sigma;
}

}  // namespace vega
