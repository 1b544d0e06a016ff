// Parses lists of tasks.

#include "tasks/evaluation/task_list.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

#include "sim/base/error.h"

namespace vega {
namespace {

std::optional<int> ParseIndex(std::string_view text) {
  int value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value < 0) return {};
  return value;
}

}  // namespace

std::vector<int> ParseTaskList(const std::string& text, const Suite& suite) {
  const int count = static_cast<int>(suite.tasks.size());
  std::set<int> tasks;
  if (text.empty()) {
    for (int i = 0; i < count; ++i) tasks.insert(i);
  }
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const size_t dash = part.find('-');
    const auto first = ParseIndex(std::string_view(part).substr(0, dash));
    const auto last = dash == std::string::npos ? first : ParseIndex(part.substr(dash + 1));
    if (!first) {
      tasks.insert(FindTask(suite, part));
      continue;
    }
    if (!last || *last < *first || *last >= count) {
      throw Error(fmt::format("bad task range '{}' for {}", part, suite.name),
                  fmt::format("tasks are 0 to {}, as in 0,3-5", count - 1));
    }
    for (int i = *first; i <= *last; ++i) tasks.insert(i);
  }
  return {tasks.begin(), tasks.end()};
}

}  // namespace vega
