// Success rates of a run: per task and for the suite, as summary.json and as the table a user sees.

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasks/evaluation/results.h"
#include "tasks/evaluation/wilson.h"

namespace vega {

// Counts of a task or a suite. An episode that ended in an error counts as not solved, so errors
// never raise a rate.
struct Score {
  int n = 0;  // episodes, errors included
  int successes = 0;
  int errors = 0;
  int judged = 0;  // successes that were watched afterwards, see RolloutOptions::hold_steps
  int held = 0;    // those whose goal still held
  int told = 0;    // episodes whose policy was told to do another task
  int obeyed = 0;  // those in which that task's goal held, see EpisodeRecord::told

  double rate() const { return n == 0 ? 0 : static_cast<double>(successes) / n; }
  Interval interval() const { return WilsonInterval(successes, n); }
};

struct TaskScore {
  int task = 0;
  std::string name;
  std::string instruction;
  Score score;
};

struct Summary {
  std::string suite;
  std::vector<TaskScore> tasks;  // ascending index
  Score total;
};

Summary Summarize(const std::string& suite, const std::vector<EpisodeRecord>& records);
nlohmann::ordered_json ToJson(const Summary& summary);
// Lines of plain text, one a task and one for the suite.
std::string Table(const Summary& summary);

}  // namespace vega
