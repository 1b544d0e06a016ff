// The progress bar and its plain twin.

#include "tasks/evaluation/progress.h"

#include <fmt/format.h>

#include <cmath>

namespace vega {

Progress::Progress(int total, int finished, std::FILE* stream, bool terminal)
    : total_(total),
      finished_(finished),
      started_with_(finished),
      stream_(stream),
      terminal_(terminal) {
  if (terminal_ && total_ > finished_) {
    fmt::print(stream_, "\r{}", Bar());
    std::fflush(stream_);
  }
}

void Progress::Add(const EpisodeRecord& record) {
  ++finished_;
  successes_ += record.outcome == Outcome::kSuccess;
  errors_ += record.outcome == Outcome::kError;
  const bool error = record.outcome == Outcome::kError;
  if (error || !terminal_) {
    fmt::print(stream_, "{}[{}/{}] {} task {} init {}: {} after {} steps, {:.1f} s{}\n",
               terminal_ ? "\r\033[K" : "", finished_, total_, record.suite, record.task,
               record.init, Name(record.outcome), record.steps, record.wall_s,
               error ? ": " + record.error : "");
  }
  if (terminal_) fmt::print(stream_, "\r{}\033[K", Bar());
  std::fflush(stream_);
}

void Progress::End() {
  if (terminal_) fmt::print(stream_, "\n");
  std::fflush(stream_);
}

std::string Progress::Bar() const {
  constexpr int kWidth = 24;
  const int filled = total_ == 0 ? kWidth : finished_ * kWidth / total_;
  const int here = finished_ - started_with_;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  std::string text = fmt::format("{}{} {}/{}", std::string(filled, '#'),
                                 std::string(kWidth - filled, '.'), finished_, total_);
  if (here > 0) {
    text += fmt::format("  {:.1f} episodes/min  ETA {}  solved {} of {}", 60 * here / seconds,
                        FormatDuration(seconds / here * (total_ - finished_)), successes_, here);
  }
  if (errors_ > 0) text += fmt::format("  errors {}", errors_);
  return text;
}

std::string FormatDuration(double seconds) {
  const auto s = static_cast<int64_t>(std::lround(seconds));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

}  // namespace vega
