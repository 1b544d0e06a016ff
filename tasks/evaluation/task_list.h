// Which tasks of a suite a user means: "0,3-5" or names.

#pragma once

#include <string>
#include <vector>

#include "tasks/suite/libero_suites.h"

namespace vega {

// Comma-separated indices, ranges "first-last" and task names to ascending indices without repeats;
// empty: all tasks. Throws Error naming the part that is wrong.
std::vector<int> ParseTaskList(const std::string& text, const Suite& suite);

}  // namespace vega
