// Draws a new problem from a known one: another goal in the same scene and other words, and, unless
// things keep their own places, other places over the reachable workspace, other objects in the
// same roles, distractors, another camera, light and start of the robot. Things may be larger and
// smaller too.

#pragma once

#include <optional>
#include <string>

#include "sim/base/random.h"
#include "tasks/bddl/bddl.h"
#include "tasks/generate/variation.h"

namespace vega {

struct DrawnProblem {
  BddlProblem bddl;
  Variation variation;
  std::string name;  // file name without .bddl, from the goal
};

enum class Places {
  kDrawn,  // anywhere within reach
  kOwn,    // where the known problem has them; only goal and words are new
};

// "drawn" or "own"; throws Error for another name.
Places ParsePlaces(const std::string& name);

inline constexpr double kMostSizes = 2;  // of DrawOptions::sizes

struct DrawOptions {
  Places places = Places::kDrawn;
  double sizes = 0;  // 0 to kMostSizes; objects have 1 / (1 + sizes) to 1 + sizes times their size
};

// A pure function of its arguments. Nothing when the draw does not come out: no room for the
// objects, or no goal that the scene offers.
std::optional<DrawnProblem> DrawProblem(const BddlProblem& base, const DrawOptions& options,
                                        RandomStream& random);

}  // namespace vega
