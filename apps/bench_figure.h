// A measured figure as one JSON line.

#pragma once

#include <string>
#include <vector>

namespace vega {

struct Figure {
  std::string name;             // as in "sim.control_step"
  std::string unit;             // "ms", "s", "dB", ...
  std::vector<double> samples;  // at least one
  int threads = 1;              // workers
  std::string renderer;         // empty: nothing was drawn
  std::string suite;            // empty: of no suite
  int task = -1;                // index, -1: of no single one
};

double Median(std::vector<double> samples);

// Prints {"name", "unit", "median", "min", "max", "n", "threads", "renderer", "suite", "task",
// "machine", "commit"} and a line end to stdout, at once.
void Print(const Figure& figure);

}  // namespace vega
