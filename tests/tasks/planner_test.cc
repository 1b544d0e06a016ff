#include "tasks/expert/planner.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "sim/base/error.h"

namespace vega {
namespace {

using Catch::Contains;

// a kitchen of names: a cabinet with drawers, a microwave, a stove; heights of objects in cm
struct Kitchen {
  std::set<std::string> open;
  std::map<std::string, std::string> lies_in;
  std::map<std::string, double> height;

  PlanFacts Facts() const {
    return {[](const std::string& region) -> std::string {
              if (region.starts_with("cabinet_1") && region.ends_with("_region")) return region;
              if (region == "microwave_1_heating_region") return "microwave_1";
              return {};
            },
            [this](const std::string& door) { return open.contains(door); },
            [this](const std::string& object) {
              const auto found = lies_in.find(object);
              return found == lies_in.end() ? std::string() : found->second;
            },
            [this](const std::string& object) {
              const auto found = height.find(object);
              return found == height.end() ? 0.0 : found->second;
            }};
  }

  // the plan of a BDDL goal, as one line
  std::string Plan(const std::string& goal, std::vector<bool> holds = {}) const {
    const BddlProblem problem = ParseBddl(
        "(define (problem p) (:domain robosuite) (:language x) (:regions"
        " (top_region (:target cabinet_1)) (bottom_region (:target cabinet_1))"
        " (heating_region (:target microwave_1)) (contain_region (:target basket_1)))"
        "(:fixtures table - table cabinet_1 - cabinet microwave_1 - microwave stove_1 - stove)"
        "(:objects bowl_1 bowl_2 - bowl mug_1 - mug basket_1 - basket) (:obj_of_interest)"
        "(:init) (:goal (And " +
            goal + ")))",
        "kitchen.bddl");
    holds.resize(problem.goal.size(), false);
    std::string line;
    for (const PlanStep& step : PlanGoals(problem.goal, holds, Facts())) {
      line += (line.empty() ? "" : ", ") + ToString(step);
    }
    return line;
  }
};

TEST_CASE("a closed drawer is opened before something goes in") {
  Kitchen kitchen;
  CHECK(kitchen.Plan("(In bowl_1 cabinet_1_top_region)") ==
        "open(cabinet_1_top_region), move(bowl_1, cabinet_1_top_region)");
  kitchen.open.insert("cabinet_1_top_region");
  CHECK(kitchen.Plan("(In bowl_1 cabinet_1_top_region)") == "move(bowl_1, cabinet_1_top_region)");
}

TEST_CASE("what something goes into is closed after, other doors before") {
  Kitchen kitchen;
  kitchen.open = {"cabinet_1_bottom_region", "microwave_1"};
  CHECK(kitchen.Plan("(Close cabinet_1_bottom_region) (In bowl_1 cabinet_1_bottom_region)") ==
        "move(bowl_1, cabinet_1_bottom_region), close(cabinet_1_bottom_region)");
  CHECK(kitchen.Plan("(In mug_1 microwave_1_heating_region) (Close microwave_1)") ==
        "move(mug_1, microwave_1_heating_region), close(microwave_1)");
  CHECK(kitchen.Plan("(Open cabinet_1_top_region) (Close cabinet_1_bottom_region)") ==
        "close(cabinet_1_bottom_region), open(cabinet_1_top_region)");
}

TEST_CASE("a drawer that an object must come out of is opened") {
  Kitchen kitchen;
  kitchen.lies_in["bowl_1"] = "cabinet_1_top_region";
  CHECK(kitchen.Plan("(On bowl_1 bowl_2)") == "open(cabinet_1_top_region), move(bowl_1, bowl_2)");
}

TEST_CASE("low objects move first, and what others go on before them") {
  Kitchen kitchen;
  kitchen.height = {{"mug_1", 11}, {"bowl_1", 5}, {"bowl_2", 6}};
  CHECK(kitchen.Plan("(In mug_1 basket_1_contain_region) (In bowl_1 basket_1_contain_region)") ==
        "move(bowl_1, basket_1_contain_region), move(mug_1, basket_1_contain_region)");
  CHECK(kitchen.Plan("(On bowl_1 bowl_2) (In bowl_2 basket_1_contain_region)") ==
        "move(bowl_2, basket_1_contain_region), move(bowl_1, bowl_2)");
}

TEST_CASE("goals that hold need no step") {
  const Kitchen kitchen;
  CHECK(kitchen.Plan("(TurnOn stove_1) (On bowl_1 bowl_2)", {true, false}) ==
        "move(bowl_1, bowl_2)");
  CHECK(kitchen.Plan("(TurnOff stove_1)") == "turn_off(stove_1)");
}

TEST_CASE("a goal without a skill is refused by name") {
  BddlPredicate up{.name = "up", .args = {"bowl_1"}};
  CHECK_THROWS_WITH(PlanGoals({up}, {false}, Kitchen().Facts()), Contains("up"));
}

}  // namespace
}  // namespace vega
