// The goal a problem has, asked of another thing of its scene.

#pragma once

#include <vector>

#include "tasks/bddl/bddl.h"

namespace vega {

// Each way to have another object do what one object of the goal does: "put both the butter and the
// tomato sauce in the basket" of a problem about soup and tomato sauce, or two mugs each on the
// plate of the other. Only the goal, its objects of interest and the words differ, the latter where
// they name what is exchanged. Two things alike are never exchanged, nor what others go on or in.
// Whether a robot can do it is not asked.
std::vector<BddlProblem> WithOtherThings(const BddlProblem& problem);

}  // namespace vega
