// Collecting demonstrations as a mode does it, for other modes that need some.

#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "sim/render_quality.h"

namespace vega {

// As the flags of vega collect, see its --help.
struct CollectFlags {
  std::string suite;
  std::string tasks;  // empty: all
  int episodes = 50;
  std::string out;
  std::string policy = "expert";
  std::string device = "cpu";
  int image = 128;
  std::optional<RenderQuality> render_quality;
  int workers = 0;
  uint32_t seed = 0;
  bool keep_noops = false, filter_noops = false;
  bool all_outcomes = false;
  int hold = 10;
  int attempts = 10;
  int max_steps = 0;
  int compression = 1;
  double arm_noise = 0.02;
  double noise = 0;
  int exchange = 0;
  double scatter = 0;
  std::string takeover;        // policy that acts first; empty: nobody
  std::string takeover_after;  // "MIN-MAX", control steps; empty: 10 to 3/5 of the horizon
  bool resume = false;
};

// Exit code of the mode. Throws Error.
int RunCollect(const CollectFlags& flags, std::atomic<bool>& stop);

}  // namespace vega
