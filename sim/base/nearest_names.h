// Suggestions for mistyped names, for the hints of errors.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vega {

// Number of single-character insertions, deletions and replacements that turn `a` into `b`
// (Levenshtein, 1966).
int EditDistance(std::string_view a, std::string_view b);

// The `count` names nearest to `name`, nearest first and ties in the given order, as a hint: "did
// you mean a, b or c?". Empty when there are no names.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& names, int count = 3);

}  // namespace vega
