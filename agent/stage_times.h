// How long each stage of the pipeline takes: durations in, quantiles out. No names in the hot path.

#pragma once

#include <c10/core/Device.h>
#include <c10/core/Event.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vega {

enum class Stage { kPreprocess, kVae, kDit, kPool, kSemantic, kFusion, kHead, kCount };

std::string_view Name(Stage stage);  // e.g. "vae"

class StageTimes {
 public:
  void Add(Stage stage, double ms) { durations_[Index(stage)].push_back(ms); }
  size_t count(Stage stage) const { return durations_[Index(stage)].size(); }
  // The q-quantile in ms, q in [0,1]; 0 where nothing was added. Quantile(stage, 0.5) is the p50.
  double Quantile(Stage stage, double q) const;
  double Sum(Stage stage) const;  // ms
  void Clear();
  // "vae 12.1/12.9 ms, dit ...": p50/p90 of each stage that was timed.
  std::string Line() const;

 private:
  static size_t Index(Stage stage) { return static_cast<size_t>(stage); }
  std::array<std::vector<double>, static_cast<size_t>(Stage::kCount)> durations_;
};

// Adds the time from construction to destruction. `times` may be null. On a GPU the time is between
// two of its events, and destruction waits for the second.
class StageTimer {
 public:
  StageTimer(StageTimes* times, Stage stage, c10::Device device = c10::kCPU);
  ~StageTimer();
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  StageTimes* times_;
  Stage stage_;
  c10::Device device_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::unique_ptr<c10::Event> event_;
};

}  // namespace vega
