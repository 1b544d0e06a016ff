// What the arms of an ablation came to: held-out losses and paired episodes, over seeds.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/image.h"
#include "tasks/evaluation/comparison.h"

namespace vega {

// A policy of an arm, trained with one seed.
struct SeedResult {
  uint64_t seed = 0;
  std::map<std::string, double> held_out;                // by measure
  std::map<std::string, std::vector<StoredRun>> played;  // by evaluation: whole runs, one a suite
};

struct ArmResult {
  std::string name;
  std::string about;              // a phrase
  std::vector<SeedResult> seeds;  // those that are trained
};

struct AblationResults {
  std::string reference;                 // the arm others are compared with
  std::vector<std::string> evaluations;  // names, in the order of columns
  std::vector<ArmResult> arms;
};

// The held-out measure that every arm has: mean distance of the chunk's motion from the expert's,
// in normalised actions.
inline constexpr char kHeldOutMeasure[] = "action_l1";

// One line of JSON for each arm, seed and evaluation that is done, and one for each arm and seed
// with what was measured of the held-out samples, whose "shift" is null.
std::string ResultLines(const AblationResults& results);

// Episodes that ended in an error.
int CountErrors(const AblationResults& results);

// Markdown: success by arm and evaluation with Wilson intervals, then what each arm gains over the
// reference on the episodes both played: Newcombe's interval and McNemar's exact p, pairs of all
// seeds together. Throws Error when two runs are not of the same episodes.
std::string ResultTable(const AblationResults& results);

// A measure over blocks and timesteps; the lower, the better.
struct Sweep {
  std::vector<int64_t> blocks, timesteps;   // rows and columns
  std::vector<std::vector<double>> values;  // (blocks x timesteps); NaN where there is none yet
};

std::string SweepTable(const Sweep& sweep);  // Markdown
// Cells from dark, the lowest, to bright, with their values; blocks go down, timesteps to the
// right.
Image HeatMap(const Sweep& sweep);

}  // namespace vega
