// A problem back as BDDL text.

#pragma once

#include <string>

#include "tasks/bddl/bddl.h"

namespace vega {

// Text that ParseBddl reads to the same problem. Regions of targets that are not declared are left
// out.
std::string ToBddl(const BddlProblem& problem);

}  // namespace vega
