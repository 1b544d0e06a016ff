// What people see while the trainer works: a bar on a terminal, a line a report elsewhere; and the
// episodes that show how far a policy is.

#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>

#include "agent/train/trainer.h"

namespace vega {

class TrainConsole : public TrainObserver {
 public:
  // `stop` ends an evaluation that it sees turn true.
  explicit TrainConsole(std::atomic<bool>& stop);

  void Say(const std::string& line) override;
  void Report(const TrainProgress& progress) override;
  std::map<std::string, double> Evaluate(const std::filesystem::path& checkpoint,
                                         const EvaluationPlan& plan) override;
  // Leaves the bar's line; what is reported next is another training.
  void End();

 private:
  using Clock = std::chrono::steady_clock;
  std::atomic<bool>& stop_;
  bool terminal_;
  int stage_ = -1;  // of the last report
  Clock::time_point began_;
  int64_t begun_at_ = 0;  // step
};

}  // namespace vega
