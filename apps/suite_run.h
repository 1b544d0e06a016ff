// One policy on one suite by the published protocol, left in a run folder: what vega eval does once
// and vega ablate many times; and the parts of it that vega train shares.

#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "policies/registry.h"
#include "sim/render_quality.h"
#include "tasks/evaluation/evaluation.h"
#include "tasks/evaluation/summary.h"
#include "tasks/suite/libero_suites.h"

namespace vega {

struct SuiteRunOptions {
  std::string suite;
  std::string tasks;  // empty: all
  int episodes = 50;
  std::string policy = kTrainedPolicy;
  int workers = 0;
  std::string out;  // empty: runs/TIME-SUITE-POLICY
  bool resume = false;
  bool video = false;
  int render = 0;
  std::optional<RenderQuality> render_quality;  // unset: what the policy learnt from, else exact
  std::string device = "cpu";
  std::optional<double> stream;
  int open_loop = 0;      // see PolicyOptions
  double patience = 600;  // s
  uint32_t seed = 0;
  int max_steps = 0;
  int hold_steps = 0;
  Shift shift;
  // Whose words the policy is told: an index or a name of the suite's tasks, "next" for the one
  // after each; empty: its own.
  std::string told;
  bool save_actions = false;
  bool exact = false;
};

// The flags of vega eval that make the same run.
std::string Command(const SuiteRunOptions& options);

// Every episode of the tasks, the tasks in turn.
std::vector<EpisodeJob> EpisodeJobs(const Suite& suite, const std::vector<int>& tasks,
                                    int episodes);
// The suite's tasks, the policy, and pictures of the quality it learnt from unless told otherwise.
EvaluationSources SourcesOf(const Suite& suite, const PolicySource& policy,
                            std::optional<RenderQuality> quality = {});

struct SuiteRunEnd {
  std::filesystem::path folder;
  Summary summary;
  bool whole = true;  // false: stopped from outside
  int given_up = 0;   // workers left behind; end the process with std::_Exit if there are any
};

// One run, from its options to what it leaves.
class SuiteRun {
 public:
  // Throws Error when options, suite and policy do not go together.
  SuiteRun(SuiteRunOptions options, PolicySource policy, std::atomic<bool>& stop);

  // Plays the episodes that the folder lacks, with progress on stderr. Throws Error; what was
  // played until then is summarised.
  SuiteRunEnd Run();

 private:
  void ChooseCameras();
  void ChooseToldTasks();
  void ProbeRenderer();
  RunFolder OpenFolder() const;
  void Announce(const RunFolder& folder) const;
  nlohmann::ordered_json Versions() const;
  nlohmann::ordered_json Manifest() const;
  std::vector<EpisodeJob> MissingJobs(const RunFolder& folder) const;
  EvaluationEnd RunJobs(const std::vector<EpisodeJob>& jobs, RunFolder& folder);
  void SummarizeWhatIsDone(const RunFolder& folder) const;
  Summary WriteSummary(const RunFolder& folder) const;

  SuiteRunOptions options_;
  PolicySource policy_;
  std::atomic<bool>& stop_;
  Suite suite_;
  std::vector<int> tasks_;
  std::map<int, ToldTask> told_;      // by task index, where it is not its own
  std::vector<std::string> cameras_;  // the policy's first
  int image_size_ = 0;                // pixels
  RenderQuality quality_ = RenderQuality::kExact;
  std::string renderer_;   // empty: nothing is drawn
  bool software_ = false;  // the renderer
};

}  // namespace vega
