// Tables and lines of an ablation, from runs made up here.

#include "tasks/evaluation/ablation_results.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>

#include "sim/base/error.h"

namespace vega {
namespace {

using Catch::Contains;
using Json = nlohmann::ordered_json;

// a run of libero_goal in which the first `solved` of `n` episodes were
StoredRun RunOf(uint64_t seed, int solved, int n, const char* shift = nullptr) {
  StoredRun run{.folder = "run"};
  run.manifest = {{"config",
                   {{"suite", "libero_goal"},
                    {"policy", "p"},
                    {"shift", shift == nullptr ? Json() : Json(shift)}}},
                  {"seeds", {{"reset", seed}, {"policy", seed}}}};
  for (int k = 0; k < n; ++k) {
    run.records.push_back({.suite = "libero_goal",
                           .episode = k,
                           .init = k,
                           .seed = seed,
                           .outcome = k < solved ? Outcome::kSuccess : Outcome::kFailure});
  }
  return run;
}

SeedResult SeedOf(uint64_t seed, double held_out, int clean) {
  return {.seed = seed,
          .held_out = {{kHeldOutMeasure, held_out}},
          .played = {{"clean", {RunOf(seed, clean, 10)}}}};
}

AblationResults TwoArms() {
  AblationResults results{.reference = "gated", .evaluations = {"clean", "camera"}};
  results.arms = {{"gated", "", {SeedOf(1, 0.2, 8), SeedOf(2, 0.3, 6)}},
                  {"alone", "without", {SeedOf(1, 0.25, 3), SeedOf(2, 0.35, 3)}}};
  return results;
}

TEST_CASE("an arm's row has its rate over all seeds and its gain on the same episodes") {
  const std::string table = ResultTable(TwoArms());
  CHECK_THAT(table, Contains("| gated | 2 | 0.2500 ± 0.0707 | 70.0 % [48.1, 85.5] 14/20 | – |"));
  CHECK_THAT(table,
             Contains("| alone: without | 2 | 0.3000 ± 0.0707 | 30.0 % [14.5, 51.9] 6/20 |"));
  // 8 pairs, all for the reference: p = 2 / 2^8
  CHECK_THAT(table, Contains("| alone | +0.0500 ± 0.0000 | -40.0 ["));
  CHECK_THAT(table, Contains("p 0.00781 | – |"));
  // the reference is not compared with itself
  CHECK(table.find("| gated | +0.0000") == std::string::npos);
}

TEST_CASE("only seeds that both arms have played are paired") {
  AblationResults results = TwoArms();
  results.arms[1].seeds.pop_back();
  CHECK_THAT(ResultTable(results), Contains("| alone | +0.0500 | -50.0 ["));
  results.arms[1].seeds.clear();
  CHECK_THAT(ResultTable(results), Contains("| alone | – | – | – |"));
}

TEST_CASE("episodes under another shift are not compared") {
  AblationResults results = TwoArms();
  results.arms[1].seeds[0].played["clean"] = {RunOf(1, 3, 10, "camera=0.05")};
  CHECK_THROWS_WITH(ResultTable(results), Contains("config/shift"));
}

TEST_CASE("results are one line an arm, a seed and an evaluation") {
  const std::string lines = ResultLines(TwoArms());
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 8);
  CHECK_THAT(lines,
             Contains(R"({"arm":"alone","seed":2,"shift":null,"held_out":{"action_l1":0.35}})"));
  CHECK_THAT(lines, Contains(R"("seed":2,"shift":"clean","n":10,"successes":3,"errors":0,)"));
}

TEST_CASE("a sweep's picture is darkest where the loss is lowest and grey where there is none") {
  const double none = std::numeric_limits<double>::quiet_NaN();
  const Sweep sweep{{1, 4}, {300, 700, 900}, {{0.3, 0.2, none}, {0.25, 0.4, 0.35}}};
  CHECK_THAT(SweepTable(sweep), Contains("| 1 | 0.3000 | 0.2000 | – |") &&
                                    Contains("| block \\ timestep | 300 | 700 | 900 |"));
  const Image picture = HeatMap(sweep);
  const auto corner = [&](int row, int column) {  // red, green and blue of a cell
    const int side = 64, margin = 44;
    const size_t at = 3 * ((margin + row * side + 2) * static_cast<size_t>(picture.width) + margin +
                           column * side + 2);
    return std::vector<int>(picture.pixels.begin() + at, picture.pixels.begin() + at + 3);
  };
  CHECK(corner(0, 1) == std::vector<int>{68, 1, 84});
  CHECK(corner(1, 1) == std::vector<int>{253, 231, 37});
  CHECK(corner(0, 2) == std::vector<int>{220, 220, 220});
}

}  // namespace
}  // namespace vega
