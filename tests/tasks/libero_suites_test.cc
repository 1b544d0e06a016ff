// fixtures/suites.json holds the order and languages of LIBERO's Python package
// (tools/record_suites.py).

#include "tasks/suite/libero_suites.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/base/error.h"
#include "tasks/bddl/bddl.h"

namespace vega {
namespace {

nlohmann::json Recorded() {
  return nlohmann::json::parse(std::ifstream(std::string(VEGA_FIXTURES) + "/suites.json"));
}

TEST_CASE("Every suite of the data is listed with all its tasks") {
  const std::vector<std::string> names = SuiteNames();
  CHECK(names.size() == 68);
  CHECK(std::is_sorted(names.begin(), names.end()));
  size_t tasks = 0;
  for (const std::string& name : names) {
    const Suite suite = LoadSuite(name);
    INFO(name);
    CHECK(suite.horizon > 0);
    for (const TaskEntry& task : suite.tasks) {
      CHECK(std::filesystem::exists(task.bddl));
      CHECK(task.init_states.empty() == (name == "libero_object_with_trigger"));
      CHECK_FALSE(task.instruction.empty());
    }
    tasks += suite.tasks.size();
  }
  CHECK(tasks == 724);
}

TEST_CASE("Base suites have LIBERO's own order and languages") {
  const nlohmann::json recorded = Recorded();
  for (const char* name :
       {"libero_spatial", "libero_object", "libero_goal", "libero_10", "libero_90"}) {
    const Suite suite = LoadSuite(name);
    REQUIRE(suite.tasks.size() == recorded[name].size());
    for (size_t i = 0; i < suite.tasks.size(); ++i) {
      CHECK(suite.tasks[i].name == recorded[name][i][0]);
      CHECK(suite.tasks[i].instruction == recorded[name][i][1]);
    }
  }
}

TEST_CASE("LIBERO-PRO suites keep the base suite's order") {
  const nlohmann::json recorded = Recorded();
  for (const std::string base : {"libero_spatial", "libero_object", "libero_goal", "libero_10"}) {
    for (const char* axis : {"_lan", "_object", "_swap", "_task"}) {
      const Suite suite = LoadSuite(base + axis);
      REQUIRE(suite.tasks.size() == 10);
      for (size_t i = 0; i < 10; ++i) {
        CHECK(suite.tasks[i].name == recorded[base][recorded[base + axis][i].get<int>()][0]);
      }
    }
  }
}

TEST_CASE("Perturbed instructions come from the BDDL files, others from the file names") {
  const Suite base = LoadSuite("libero_goal");
  for (const char* name : {"libero_goal_lan", "libero_goal_task"}) {
    const Suite suite = LoadSuite(name);
    for (size_t i = 0; i < suite.tasks.size(); ++i) {
      CHECK(suite.tasks[i].name == base.tasks[i].name);
      CHECK(suite.tasks[i].instruction != base.tasks[i].instruction);
      CHECK(suite.tasks[i].instruction == LoadBddl(suite.tasks[i].bddl).language);
    }
  }
  CHECK(LoadSuite("libero_goal_swap").tasks[0].instruction == base.tasks[0].instruction);
  CHECK(LoadSuite("libero_study_table").tasks[0].instruction.starts_with("prepare a"));
}

TEST_CASE("Horizons are the evaluators', derived suites inherit them") {
  CHECK(LoadSuite("libero_spatial").horizon == 220);
  CHECK(LoadSuite("libero_object_with_mug").horizon == 280);
  CHECK(LoadSuite("libero_goal_swap").horizon == 300);
  CHECK(LoadSuite("libero_10_task").horizon == 520);
  CHECK(LoadSuite("libero_90").horizon == 400);
  CHECK(LoadSuite("libero_mine").horizon == 520);
}

TEST_CASE("Tasks are found by index and by name") {
  const Suite suite = LoadSuite("libero_10");
  CHECK(FindTask(suite, "0") == 0);
  CHECK(FindTask(suite, "9") == 9);
  CHECK(FindTask(suite, suite.tasks[4].name) == 4);
}

TEST_CASE("Unknown suites and tasks are answered with the nearest ones") {
  CHECK_THROWS_WITH(LoadSuite("libero_spatail"),
                    Catch::StartsWith("unknown suite libero_spatail (did you mean libero_spatial"));
  CHECK_THROWS_WITH(LoadSuite("libero_goal_env"), Catch::Contains("data is not published"));
  CHECK_THROWS_AS(LoadSuite("../bddl_files/libero_10"), Error);
  const Suite suite = LoadSuite("libero_object");
  CHECK_THROWS_WITH(FindTask(suite, "10"),
                    "suite libero_object has no task 10 (its tasks are 0 to 9)");
  CHECK_THROWS_WITH(FindTask(suite, "-1"), Catch::Contains("its tasks are 0 to 9"));
  CHECK_THROWS_WITH(FindTask(suite, "99999999999999999999"), Catch::Contains("0 to 9"));
  CHECK_THROWS_WITH(FindTask(suite, "pick_up_the_milk_and_put_it_in_the_basket"),
                    Catch::Contains("did you mean pick_up_the_milk_and_place_it_in_the_basket?"));
  CHECK_THROWS_AS(FindTask(suite, ""), Error);
}

}  // namespace
}  // namespace vega
