#include "tasks/evaluation/task_list.h"

#include <catch2/catch.hpp>

#include "sim/base/error.h"

namespace vega {
namespace {

using Catch::Contains;

Suite FiveTasks() {
  Suite suite{"libero_five", 10, {}};
  for (const char* name : {"a", "b", "c", "d", "e"}) suite.tasks.push_back({name, name, {}, {}});
  return suite;
}

TEST_CASE("task lists mix indices, ranges and names") {
  const Suite suite = FiveTasks();
  CHECK(ParseTaskList("", suite) == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(ParseTaskList("4,1-2,2", suite) == std::vector<int>{1, 2, 4});
  CHECK(ParseTaskList("c,0", suite) == std::vector<int>{0, 2});
}

TEST_CASE("a bad task list names the bad part and the range") {
  const Suite suite = FiveTasks();
  for (const char* bad : {"0,3-9", "3-1", "5", "1-", "0-x", "99999999999"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(ParseTaskList(bad, suite), Error);
  }
  CHECK_THROWS_WITH(ParseTaskList("0,3-9", suite), Contains("'3-9'") && Contains("0 to 4"));
}

}  // namespace
}  // namespace vega
