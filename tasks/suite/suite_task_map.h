// LIBERO's own listing of its suites, libero/libero/benchmark/libero_suite_task_map.py, read as
// data.

#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vega {

// Suite name -> task names in the suite's own order.
using SuiteTaskMap = std::map<std::string, std::vector<std::string>>;

// Reads `name = {"suite": ["task", ...], ...}`: one dictionary of lists of plain string literals,
// with comments and trailing commas, and nothing else. `source` names the text in errors:
// "source:line: what". Throws Error.
SuiteTaskMap ParseSuiteTaskMap(std::string_view text, const std::string& source);

// Reads a file. Throws Error.
SuiteTaskMap LoadSuiteTaskMap(const std::filesystem::path& file);

}  // namespace vega
