// An evaluation on disk: the manifest that says what was run, and one line of JSON an episode,
// flushed as it ends.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "policies/policy.h"
#include "tasks/rollout.h"

namespace vega {

// One line of episodes.jsonl.
struct EpisodeRecord {
  std::string suite;
  int task = 0;  // index in the suite's own order
  std::string task_name;
  std::string instruction;
  int episode = 0;  // counts from 0 within the task; uses the episode-th reset after seeding
  int init = 0;     // index of the initial state, episode modulo their number
  uint64_t seed = 0;
  Outcome outcome = Outcome::kFailure;
  int steps = 0;
  std::optional<bool> held;  // RolloutResult::held of a success, if it was looked at
  // If the policy was told to do another task: whether that one's goal held at some step. The
  // outcome is of the episode's own goal, the instruction is the one told.
  std::optional<bool> told;
  double wall_s = 0;  // from the reset to the end, without loading the task
  EpisodeTimes ms;
  uint64_t state_hash = 0;  // written as 16 hex digits
  std::string error;        // empty unless outcome is error
};

const char* Name(Outcome outcome);
nlohmann::ordered_json ToJson(const EpisodeRecord& record);
// Throws Error naming `source` when a key is missing or has the wrong type.
EpisodeRecord ParseRecord(const std::string& line, const std::string& source);
nlohmann::ordered_json ToJson(const PolicyContract& contract);

// Writes the actions of an episode, no-ops first, as the tensor "actions" [T,7] F64; metadata
// suite, task, task_name, init. Throws Error when the file cannot be written.
void SaveActions(const EpisodeRecord& record, const std::vector<Action>& actions,
                 const std::filesystem::path& file);

// What decides the episodes and their outcomes; a run is resumed only with the same.
struct RunConfig {
  std::string suite;
  std::vector<int> tasks;  // indices, ascending
  int episodes = 0;        // per task
  std::string policy;
  uint64_t seed = 0;
  int wait_steps = 10;
  int max_steps = 0;   // 0: the suite's horizon
  int hold_steps = 0;  // see RolloutOptions
  bool exact = false;
  RenderQuality render_quality = RenderQuality::kExact;
  std::string device = "cpu";
  std::optional<double> stream;  // see PolicyOptions
  int open_loop = 0;             // as asked for; 0: not, see PolicyOptions
  Shift shift;
  std::string told;  // see SuiteRunOptions; empty: every policy is told its own task
};

nlohmann::ordered_json ToJson(const RunConfig& config);

// The folder of a run. One process writes at a time; what is written survives a kill at any moment.
class RunFolder {
 public:
  // Starts a run in a new or empty folder. Throws Error when it holds something or cannot be
  // written.
  static RunFolder Create(const std::filesystem::path& folder, nlohmann::ordered_json manifest);
  // Takes up a run: reads its records, drops a torn last line. Throws Error when the folder holds
  // no run, or one whose manifest differs in "config" or "policy", naming the first difference.
  static RunFolder Resume(const std::filesystem::path& folder, nlohmann::ordered_json manifest);
  ~RunFolder();
  RunFolder(RunFolder&& other) noexcept;
  RunFolder(const RunFolder&) = delete;

  // Appends a line and flushes it to disk. After a failed write the file is as before; throws
  // Error.
  void Append(const EpisodeRecord& record);
  const std::vector<EpisodeRecord>& records() const { return records_; }
  const nlohmann::ordered_json& manifest() const { return manifest_; }
  const std::filesystem::path& path() const { return folder_; }

 private:
  RunFolder(std::filesystem::path folder, nlohmann::ordered_json manifest);
  void OpenEpisodes();
  void ReadEpisodes();
  void WriteManifest() const;

  std::filesystem::path folder_;
  nlohmann::ordered_json manifest_;
  std::vector<EpisodeRecord> records_;
  int fd_ = -1;  // episodes.jsonl, locked
};

}  // namespace vega
