// Looking things up in a BDDL problem.

#pragma once

#include <string>

#include "tasks/bddl/bddl.h"

namespace vega {

// Null where the problem has none of that name; it stays the problem's.
const BddlRegion* FindRegion(const BddlProblem& problem, const std::string& full_name);
// A fixture or an object.
const BddlInstance* FindInstance(const BddlProblem& problem, const std::string& name);
// Whether :init states just this.
bool StartsTrue(const BddlProblem& problem, const BddlPredicate& predicate);

}  // namespace vega
