// Quantiles of stage durations.

#include "agent/stage_times.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <fmt/format.h>

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

std::string StageTimes::Line() const {
  std::string line;
  for (size_t i = 0; i < static_cast<size_t>(Stage::kCount); ++i) {
    const auto stage = static_cast<Stage>(i);
    if (count(stage) == 0) continue;
    line += fmt::format("{}{} {:.1f}/{:.1f} ms", line.empty() ? "" : ", ", Name(stage),
                        Quantile(stage, 0.5), Quantile(stage, 0.9));
  }
  return line;
}

double StageTimes::Sum(Stage stage) const {
  const auto& durations = durations_[Index(stage)];
  return std::accumulate(durations.begin(), durations.end(), 0.0);
}

StageTimer::StageTimer(StageTimes* times, Stage stage, c10::Device device)
    : times_(times), stage_(stage), device_(device) {
  if (times_ == nullptr || device_.is_cpu()) return;
  event_ = std::make_unique<c10::Event>(device_.type(), c10::EventFlag::BACKEND_DEFAULT);
  event_->record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
}

StageTimer::~StageTimer() {
  if (times_ == nullptr) return;
  if (event_ == nullptr) {
    const auto elapsed = std::chrono::steady_clock::now() - start_;
    times_->Add(stage_, std::chrono::duration<double, std::milli>(elapsed).count());
    return;
  }
  c10::Event end(device_.type(), c10::EventFlag::BACKEND_DEFAULT);
  end.record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
  end.synchronize();
  times_->Add(stage_, event_->elapsedTime(end));
}

void StageTimes::Clear() {
  for (auto& durations : durations_) durations.clear();
}

}  // namespace vega
