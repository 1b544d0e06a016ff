// What a user sees while episodes run: a bar with rate and ETA on a terminal, a line an episode
// elsewhere.

#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "tasks/evaluation/results.h"

namespace vega {

class Progress {
 public:
  // `total` counts all episodes, `finished` those done by an earlier, resumed run.
  Progress(int total, int finished, std::FILE* stream, bool terminal);
  // Counts one more finished episode and shows it.
  void Add(const EpisodeRecord& record);
  // Leaves the bar's line.
  void End();

 private:
  std::string Bar() const;

  int total_, finished_, started_with_;
  int successes_ = 0, errors_ = 0;
  std::FILE* stream_;
  bool terminal_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// "42 s", "3:07", "2:15:30"
std::string FormatDuration(double seconds);

}  // namespace vega
