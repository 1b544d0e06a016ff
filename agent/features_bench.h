// How long a tower's features take: what `vega bench features` measures. Needs no torch to include.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/tower_options.h"

namespace vega {

struct FeaturesBenchOptions {
  TowerOptions tower;
  int64_t clips = 1;   // pictures, or causal clips, at once
  int64_t frames = 1;  // T of a clip
  int threads = 0;     // of one operation; 0: those of the machine
  int runs = 5;        // measured, after one that is not, on a GPU three
};

struct FeaturesBenchFigure {
  std::string name;        // features.preprocess | vae | dit | pool | total
  std::vector<double> ms;  // one a run
};

struct FeaturesBench {
  std::vector<FeaturesBenchFigure> figures;
  int threads = 0;      // used
  std::string weights;  // the folder, or "drawn from seed N"
};

// Runs the tower on clips of noise. Throws Error.
FeaturesBench BenchFeatures(const FeaturesBenchOptions& options);

}  // namespace vega
