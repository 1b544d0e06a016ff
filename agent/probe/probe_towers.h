// Which towers a probe compares. Needs no torch to include.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/tower_options.h"

namespace vega {

struct ProbeTowerOptions {
  std::vector<std::string> names;   // see agent/probe/token_source.h; empty: the default ones
  std::string agent = "vega-tiny";  // or a checkpoint folder
  std::string device = "cpu";
  uint64_t seed = 42;  // of the noise
  TowerOptions tower;  // of towers that are no agent's; see agent/probe/token_source.h
};

struct ProbedTower {
  std::string name;
  std::string weights;          // what the checkpoint says of itself; "none" without
  int64_t grid = 0, width = 0;  // G and D of its tokens; D is 0 until a scene was seen
};

}  // namespace vega
