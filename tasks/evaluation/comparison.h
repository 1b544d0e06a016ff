// Two runs of vega eval compared on the episodes both have: the same suite, task, initial state and
// seed.

#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasks/evaluation/paired.h"
#include "tasks/evaluation/results.h"

namespace vega {

// A run as it is on disk, finished or not, of one suite.
struct StoredRun {
  std::filesystem::path folder;
  nlohmann::ordered_json manifest;
  std::vector<EpisodeRecord> records;
};

// The runs of a folder: itself, or those in its subfolders, by suite. Throws Error when there are
// none, one is damaged, or two are of the same suite.
std::vector<StoredRun> ReadRuns(const std::filesystem::path& folder);

// One row: a task, a suite or all.
struct PairedScore {
  std::string name;
  PairCounts counts;
};

struct SuiteComparison {
  std::string suite;
  std::vector<PairedScore> tasks;  // ascending index
  SequentialTest test;
  int unpaired_a = 0, unpaired_b = 0;  // episodes the other run has not
};

struct Comparison {
  std::string policy_a, policy_b;
  std::vector<SuiteComparison> suites;
  SequentialTest total;
};

// Pairs are looked at in the order of their number within a task, all tasks in turn, whatever order
// they were run in. An episode that ended in an error counts as not solved. Throws Error when two
// runs of a suite differ in what decides their episodes, naming the difference, or no episode is in
// both.
Comparison Compare(const std::vector<StoredRun>& a, const std::vector<StoredRun>& b,
                   double alpha = 0.05);

nlohmann::ordered_json ToJson(const Comparison& comparison);
// Lines of plain text, one a task, a suite and all.
std::string Table(const Comparison& comparison);

}  // namespace vega
