// A run folder looked at while an evaluation may still be writing it.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasks/evaluation/live_pictures.h"
#include "tasks/evaluation/results.h"
#include "tasks/evaluation/summary.h"

namespace vega {

class RunWatch {
 public:
  // Watches the run in `folder`. Throws Error when there is no manifest or it cannot be read; then
  // the old run stays.
  void Open(const std::filesystem::path& folder);
  // Reads what is new, twice a second at most. A torn last line waits for its end; what else cannot
  // be read is error().
  void Poll();

  bool open() const { return !folder_.empty(); }
  const std::filesystem::path& folder() const { return folder_; }
  const nlohmann::json& manifest() const { return manifest_; }
  const std::vector<EpisodeRecord>& records() const { return records_; }
  const Summary& summary() const { return summary_; }
  const std::string& error() const { return error_; }
  std::string suite() const { return manifest_["config"]["suite"]; }
  std::vector<int> tasks() const;  // indices in the suite
  int planned() const;             // episodes of the whole run
  // What its workers see, where it is running and draws at all.
  const std::vector<LivePicture>& pictures() const { return pictures_; }

 private:
  std::filesystem::path folder_;
  nlohmann::json manifest_;
  uintmax_t read_ = 0;  // bytes of episodes.jsonl
  std::vector<EpisodeRecord> records_;
  Summary summary_;
  std::string error_;
  std::vector<LivePicture> pictures_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace vega
