// Draws a new problem from a known one: other places over the reachable workspace, other objects in
// the same roles, distractors, another goal in the same scene, other words, another camera, light
// and start of the robot.

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

// A pure function of its arguments. Nothing when the draw does not come out: no room for the
// objects, or no goal that the scene offers.
std::optional<DrawnProblem> DrawProblem(const BddlProblem& base, RandomStream& random);

}  // namespace vega
