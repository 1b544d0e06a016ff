// BDDL: what LIBERO writes is read as LIBERO reads it; anything else is one clear error with its
// place.

#include "tasks/bddl/bddl.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "sim/base/error.h"
#include "sim/base/paths.h"
#include "tasks/bddl/bddl_writer.h"
#include "tests/tasks/text.h"

namespace vega {
namespace {

using Catch::Contains;
using Catch::StartsWith;

const std::string kProblem = R"((define (problem LIBERO_Tabletop_Manipulation)
  (:domain robosuite)
  (:language Put  the Bowl; not this
     on the plate)
  (:regions
    (bowl_region (:target main_table) (:ranges ((-0.1 0.2 .3 4e-1)))
      (:yaw_rotation ((-pi/2 pi))) (:rgba (1 0 0 0.5)))
    (top_side (:target cabinet_1)))
  (:fixtures main_table - table  cabinet_1 - wooden_cabinet)
  (:objects bowl_1 bowl_2 - akita_black_bowl
            plate_1 - plate)
  (:obj_of_interest bowl_1 plate_1)
  (:init (On bowl_1 main_table_bowl_region)
         (Open cabinet_1_top_side))
  (:goal (And (On bowl_1 plate_1) (Close cabinet_1_top_side))))
)";

// kProblem with `from` replaced by `to`
std::string With(const std::string& from, const std::string& to) {
  return Replaced(kProblem, from, to);
}

std::string ErrorOf(const std::string& text) {
  try {
    ParseBddl(text, "t.bddl");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("a BDDL problem is read whole") {
  const BddlProblem p = ParseBddl(kProblem, "t.bddl");
  CHECK(p.problem_name == "libero_tabletop_manipulation");
  CHECK(p.language == "put the bowl on the plate");
  REQUIRE(p.regions.size() == 2);
  CHECK(p.regions[0].full_name() == "main_table_bowl_region");
  CHECK(p.regions[0].ranges == std::vector<std::array<double, 4>>{{-0.1, 0.2, 0.3, 0.4}});
  CHECK(p.regions[0].yaw_rotation[0] == -M_PI / 2);
  CHECK(p.regions[0].yaw_rotation[1] == M_PI);
  CHECK(p.regions[0].rgba == std::array<double, 4>{1, 0, 0, 0.5});
  CHECK(p.regions[1].ranges.empty());
  CHECK(p.regions[1].rgba == std::array<double, 4>{0, 0, 1, 0});
  REQUIRE(p.fixtures.size() == 2);
  CHECK(p.fixtures[1].name == "cabinet_1");
  CHECK(p.fixtures[1].category == "wooden_cabinet");
  REQUIRE(p.objects.size() == 3);
  CHECK(p.objects[1].name == "bowl_2");
  CHECK(p.objects[1].category == "akita_black_bowl");
  CHECK(p.objects[2].line == 11);
  CHECK(p.obj_of_interest == std::vector<std::string>{"bowl_1", "plate_1"});
  REQUIRE(p.init.size() == 2);
  CHECK(p.init[1].name == "open");
  CHECK(p.init[1].line == 14);
  CHECK(p.init[1].column == 10);
  REQUIRE(p.goal.size() == 2);
  CHECK(p.goal[0].args == std::vector<std::string>{"bowl_1", "plate_1"});
}

TEST_CASE("objects may have sizes of their own, and are written with them") {
  const auto sized = [](const std::string& sizes) { return With("(:init", sizes + "\n  (:init"); };
  const BddlProblem p = ParseBddl(sized("(:sizes (plate_1 1.25) (bowl_2 0.8))"), "t.bddl");
  REQUIRE(p.objects.size() == 3);
  CHECK(p.objects[0].size == 1);
  CHECK(p.objects[1].size == 0.8);
  CHECK(p.objects[2].size == 1.25);
  CHECK(ParseBddl(ToBddl(p), "again").objects[2].size == 1.25);
  CHECK(ToBddl(ParseBddl(kProblem, "t.bddl")).find(":sizes") == std::string::npos);
  const auto error = [&](const std::string& sizes) { return ErrorOf(sized(sizes)); };
  CHECK_THAT(error("(:sizes (cabinet_1 1.2))"), StartsWith("t.bddl:13:11: ") && Contains("object"));
  CHECK_THAT(error("(:sizes (plate_1 0))"), StartsWith("t.bddl:13:11: ") && Contains("between"));
  CHECK_THAT(error("(:sizes (plate_1 2) (plate_1 3))"), Contains("a second size of \"plate_1\""));
  CHECK_THAT(error("(:sizes (plate_1))"), Contains("takes one value"));
  CHECK_THAT(error("(:sizes plate_1)"), Contains("a size such as"));
}

TEST_CASE("a goal may be one predicate without And") {
  const std::string text =
      With("(And (On bowl_1 plate_1) (Close cabinet_1_top_side))", "(On bowl_1 plate_1)");
  CHECK(ParseBddl(text, "t.bddl").goal.size() == 1);
}

TEST_CASE("a region may target what is not declared, as libero_goal's bowl_drainer_1") {
  const std::string text = With("(:regions", "(:regions (left_region (:target bowl_drainer_1))");
  CHECK(ParseBddl(text, "t.bddl").regions[0].full_name() == "bowl_drainer_1_left_region");
}

TEST_CASE("wrong content of a BDDL problem is named with line and column") {
  auto expect = [](const std::string& text, const std::string& start, const std::string& part) {
    const std::string error = ErrorOf(text);
    INFO(error);
    CHECK(error.starts_with(start));
    CHECK(error.find(part) != std::string::npos);
    CHECK(error.find('\n') == std::string::npos);
  };
  expect(With("(On bowl_1 main", "(Above bowl_1 main"),
         "t.bddl:13:10: ", "unknown predicate \"above\"");
  expect(With("(On bowl_1 plate_1)", "(On bowl_1 bowl_9)"), "t.bddl:15:15: ", "\"bowl_9\"");
  expect(With("(On bowl_1 plate_1)", "(On bowl_1)"), "t.bddl:15:15: ", "takes 2 names, found 1");
  expect(With("(On bowl_1 plate_1)", "(On bowl_1 (plate_1))"), "t.bddl:15:26: ", "found a list");
  expect(With("(On bowl_1 main_table_bowl", "(On bowl_1 main_table_cup"),
         "t.bddl:13:10: ", "\"main_table_cup_region\"");
  expect(With("_interest bowl_1", "_interest bowl_7"), "t.bddl:12:3: ", "\"bowl_7\"");
  expect(With("((-0.1 0.2 .3 4e-1))", "((-0.1 0.2 .3))"), "t.bddl:6:49: ", "found 3 values");
  expect(With("4e-1", "wide"), "t.bddl:6:62: ", "\"wide\" is not a finite number");
  expect(With("4e-1", "inf"), "t.bddl:6:62: ", "\"inf\"");
  expect(With("4e-1", "1e999"), "t.bddl:6:62: ", "\"1e999\"");
  expect(With("-pi/2", "-pi/"), "t.bddl:7:24: ", "\"-pi/\"");
  expect(With("(:rgba (", "(:colour ("), "t.bddl:7:36: ", "unknown region attribute \":colour\"");
  expect(With("(:target main_table)", ""), "t.bddl:6:5: ", "has no (:target ...)");
  expect(With("top_side (:target cabinet_1)", "bowl_region (:target main_table)"),
         "t.bddl:8:5: ", "declared twice");
  expect(With("bowl_1 bowl_2 -", "bowl_1 bowl_1 -"), "t.bddl:10:20: ", "declared twice");
  expect(With("plate_1 - plate", "plate_1"), "t.bddl:11:13: ", "has no category");
  expect(With("plate_1 - plate", "plate_1 -"), "t.bddl:11:21: ", "no category after");
  expect(With("plate_1 - plate", "- plate"), "t.bddl:11:13: ", "no name before");
  expect(With("plate_1 - plate", "plate_1 - akita_black_bowl"), "t.bddl:11:23: ", "second time");
  expect(With("plate_1 - plate", "pl/te_1 - plate"), "t.bddl:11:13: ", "\"pl/te_1\"");
  expect(With("robosuite", "igibson"), "t.bddl:2:3: ", "unknown domain \"igibson\"");
  expect(With("(:domain robosuite)", "(:dmain robosuite)"),
         "t.bddl:2:3: ", "unknown group \":dmain\"");
  expect(With("(:domain robosuite)", "(:goal (On bowl_1 plate_1))"),
         "t.bddl:15:3: ", "second \":goal\"");
  expect(With("(:domain robosuite)", "word"), "t.bddl:2:3: ", "found \"word\"");
  expect(With("(:domain robosuite)", "()"), "t.bddl:2:3: ", "found \"()\"");
  expect(With("(:domain robosuite)", "((a))"), "t.bddl:2:4: ", "found a list");
  expect(With("(And (On bowl_1 plate_1) (Close cabinet_1_top_side))", "(And)"),
         "t.bddl:15:10: ", "goal is empty");
  expect(With("(problem LIBERO_Tabletop_Manipulation)", ""),
         "t.bddl:1:1: ", "no \"(problem ...)\"");
  expect(With("define", "defin"), "t.bddl:1:1: ", "expected \"(define ...)\"");
}

TEST_CASE("broken BDDL text is an error, never a crash") {
  CHECK(ErrorOf("") == "t.bddl:1:1: no BDDL problem here (expected \"(define ...)\")");
  CHECK(ErrorOf("; only a comment") == ErrorOf("").replace(9, 1, "17"));
  CHECK(ErrorOf("word").find("1:1: \"word\" stands outside") != std::string::npos);
  CHECK(ErrorOf(kProblem + ")").find("16:1: this parenthesis closes nothing") != std::string::npos);
  CHECK(ErrorOf(kProblem + "(a)").find("16:1: text after the end") != std::string::npos);
  CHECK(ErrorOf(std::string(1000000, '(')).find("nested deeper") != std::string::npos);
  CHECK(ErrorOf(std::string(2000000, 'a')).find("larger than 1 MiB") != std::string::npos);
  CHECK(ErrorOf("(define " + std::string("a\0b\nc", 5)).find("never closed") != std::string::npos);
  CHECK(ErrorOf(std::string("(define (\x01\xff\0) )", 15)).find("unknown group") !=
        std::string::npos);
  // every prefix of a problem misses a parenthesis
  for (size_t length = 1; length + 2 < kProblem.size(); ++length) {
    const std::string error = ErrorOf(kProblem.substr(0, length));
    REQUIRE(error.find("never closed") != std::string::npos);
  }
}

TEST_CASE("a BDDL file that cannot be read is named") {
  CHECK_THROWS_WITH(LoadBddl("/nowhere/a.bddl"), Catch::Contains("/nowhere/a.bddl"));
  CHECK_THROWS_WITH(LoadBddl("/"), Catch::Contains("cannot read /"));
}

TEST_CASE("all BDDL files of LIBERO and LIBERO-PRO parse") {
  int files = 0;
  int predicates = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(Data().libero / "bddl_files")) {
    if (entry.path().extension() != ".bddl") continue;
    const BddlProblem problem = LoadBddl(entry.path());
    CHECK(problem.problem_name.starts_with("libero_"));
    CHECK(!problem.goal.empty());
    predicates += problem.init.size() + problem.goal.size();
    ++files;
  }
  // counted with LIBERO's own parser
  CHECK(files == 724);
  CHECK(predicates == 5806);
}

}  // namespace
}  // namespace vega
