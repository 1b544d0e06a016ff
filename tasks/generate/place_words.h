// Which of two things alike is meant: by where the problem has it.

#pragma once

#include <string>

#include "tasks/bddl/bddl.h"

namespace vega {

// Where :init has the object `name`, as LIBERO's instructions say it: "on the stove", "in the top
// drawer of the cabinet", "next to the plate", "between the plate and the ramekin". What stands on
// the table is known by the name of its region alone; empty where that does not tell.
std::string PlaceWords(const BddlProblem& problem, const std::string& name);

}  // namespace vega
