#include "tasks/suite/suite_task_map.h"

#include <catch2/catch.hpp>

#include "sim/base/error.h"

namespace vega {
namespace {

TEST_CASE("The task map is read as data, in order") {
  const SuiteTaskMap map = ParseSuiteTaskMap(
      "# a comment\n"
      "libero_task_map = {\n"
      "  \"b\": [\"second\", 'first',],  # trailing comma\n"
      "  \"a\": [\"one \"\n \"string\"],\n"
      "}\n",
      "map.py");
  REQUIRE(map.size() == 2);
  CHECK(map.at("b") == std::vector<std::string>{"second", "first"});
  CHECK(map.at("a") == std::vector<std::string>{"one string"});
}

TEST_CASE("A task map that is more than data is refused with its line") {
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"m = {\n\"a\": [open(\"x\")]}", "map.py:2: expected a string"},
      {"m = {\"a\": [\"x\"]", "map.py:1: expected ',' or '}'"},
      {"m = {\"a\": [\"x\n\"]}", "map.py:1: expected a plain string on one line"},
      {"m = {\"a\": [\"\\x41\"]}", "map.py:1: expected a plain string on one line"},
      {"m = {}\nimport os", "map.py:2: expected nothing after the dictionary"},
      {"", "map.py:1: expected a name"},
  }));
  CHECK_THROWS_WITH(ParseSuiteTaskMap(text, "map.py"), Catch::StartsWith(message));
}

}  // namespace
}  // namespace vega
