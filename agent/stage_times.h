// How long each stage of the pipeline takes: durations in, quantiles out. No names in the hot path.

#pragma once

#include <array>
#include <chrono>
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

 private:
  static size_t Index(Stage stage) { return static_cast<size_t>(stage); }
  std::array<std::vector<double>, static_cast<size_t>(Stage::kCount)> durations_;
};

// Adds the time from construction to destruction. `times` may be null. On a GPU this is the time to
// enqueue the stage.
class StageTimer {
 public:
  StageTimer(StageTimes* times, Stage stage) : times_(times), stage_(stage) {}
  ~StageTimer() {
    if (times_ == nullptr) return;
    const auto elapsed = std::chrono::steady_clock::now() - start_;
    times_->Add(stage_, std::chrono::duration<double, std::milli>(elapsed).count());
  }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  StageTimes* times_;
  Stage stage_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace vega
