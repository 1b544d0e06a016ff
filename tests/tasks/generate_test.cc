#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "sim/base/error.h"
#include "tasks/bddl/bddl_writer.h"
#include "tasks/expert/expert_policy.h"
#include "tasks/generate/generator.h"
#include "tasks/generate/other_thing.h"
#include "tasks/generate/problem_draw.h"
#include "tasks/rollout.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

using Catch::Contains;
namespace fs = std::filesystem;

BddlProblem Base() { return LoadBddl(LoadSuite("libero_goal").tasks[3].bddl); }

TEST_CASE("a written problem reads back the same") {
  for (const char* suite : {"libero_goal", "libero_90"}) {
    for (const TaskEntry& task : LoadSuite(suite).tasks) {
      const BddlProblem problem = LoadBddl(task.bddl);
      const BddlProblem again = ParseBddl(ToBddl(problem), "again");
      CHECK(again.problem_name == problem.problem_name);
      CHECK(again.language == problem.language);
      CHECK(again.objects.size() == problem.objects.size());
      CHECK(again.fixtures.size() == problem.fixtures.size());
      REQUIRE(again.init.size() == problem.init.size());
      for (size_t i = 0; i < problem.init.size(); ++i) {
        CHECK(again.init[i].args == problem.init[i].args);
      }
      REQUIRE(again.goal.size() == problem.goal.size());
      CHECK(again.goal[0].args == problem.goal[0].args);
    }
  }
}

TEST_CASE("a drawn problem is a function of the stream, and every draw reads as BDDL") {
  const auto text = [](uint64_t index) {
    RandomStream random(5, "generate", index);
    const auto drawn = DrawProblem(Base(), {}, random);
    return drawn ? ToBddl(drawn->bddl) + ToText(drawn->variation) : std::string();
  };
  CHECK(text(0) == text(0));
  CHECK(text(0) != text(1));
  int drawn = 0;
  for (uint64_t i = 0; i < 50; ++i) {
    RandomStream random(6, "generate", i);
    if (const auto problem = DrawProblem(Base(), {}, random)) {
      ++drawn;
      CHECK_NOTHROW(ParseBddl(ToBddl(problem->bddl), "drawn"));
    }
  }
  CHECK(drawn > 25);
}

TEST_CASE("with their own places only goals and words of problems are new") {
  const BddlProblem base = Base();
  const auto names = [](const std::vector<BddlInstance>& things) {
    std::vector<std::string> all;
    for (const BddlInstance& one : things) all.push_back(one.name + " " + one.category);
    return all;
  };
  std::set<std::string> goals;
  for (uint64_t i = 0; i < 50; ++i) {
    RandomStream random(6, "generate", i);
    const auto drawn = DrawProblem(base, {.places = Places::kOwn}, random);
    REQUIRE(drawn);
    const BddlProblem again = ParseBddl(ToBddl(drawn->bddl), "drawn");
    CHECK(names(again.objects) == names(base.objects));
    CHECK(names(again.fixtures) == names(base.fixtures));
    REQUIRE(again.init.size() == base.init.size());
    for (size_t k = 0; k < base.init.size(); ++k) CHECK(again.init[k].args == base.init[k].args);
    for (const BddlRegion& region : base.regions) {
      if (region.ranges.empty()) continue;
      const auto same = [&](const BddlRegion& other) {
        return other.full_name() == region.full_name() && other.ranges == region.ranges;
      };
      INFO(region.full_name());
      CHECK(std::any_of(again.regions.begin(), again.regions.end(), same));
    }
    CHECK(ToText(drawn->variation) == ToText(Variation()));
    goals.insert(drawn->name);
  }
  CHECK(goals.size() > 8);
  CHECK_THROWS_WITH(ParsePlaces("owned"), Contains("drawn or own"));
}

// "next to the plate" of LIBERO's "pick up the black bowl next to the plate and place it on ..."
std::string PlaceOf(const std::string& language) {
  static const std::regex pattern("pick up the black bowl (.*?) and (put|place|set) it .*");
  std::smatch found;
  if (!std::regex_match(language, found, pattern)) return "no place in: " + language;
  return std::regex_replace(found[1].str(), std::regex("wooden "), "");
}

TEST_CASE("of two bowls the words say which by its place, as LIBERO's own words do") {
  std::map<std::string, std::string> words;  // by where :init has the bowl
  std::vector<BddlProblem> bases;
  for (const TaskEntry& task : LoadSuite("libero_spatial").tasks) {
    bases.push_back(LoadBddl(task.bddl));
    for (const BddlPredicate& p : bases.back().init) {
      if (p.args[0] == "akita_black_bowl_1") words[p.args[1]] = PlaceOf(task.instruction);
    }
  }
  REQUIRE(words.size() == 10);
  int other_bowl = 0, to_the_plate = 0;
  std::set<std::string> places;
  for (size_t k = 0; k < bases.size(); ++k) {
    std::map<std::string, std::string> at;  // bowl -> where it is
    for (const BddlPredicate& p : bases[k].init) {
      if (p.args[0].starts_with("akita_black_bowl")) at[p.args[0]] = p.args[1];
    }
    for (uint64_t i = 0; i < 40; ++i) {
      RandomStream random(7, "generate", 100 * k + i);
      const auto drawn = DrawProblem(bases[k], {.places = Places::kOwn}, random);
      REQUIRE(drawn);
      const BddlPredicate& goal = drawn->bddl.goal.front();
      if (!at.contains(goal.args[0])) continue;
      INFO(drawn->bddl.language << " of " << goal.args[0] << " on " << at[goal.args[0]]);
      CHECK(PlaceOf(drawn->bddl.language) == words[at[goal.args[0]]]);
      places.insert(at[goal.args[0]]);
      if (goal.args[0] == "akita_black_bowl_1") continue;
      ++other_bowl;
      to_the_plate += goal.args[1] == "plate_1";
    }
  }
  CHECK(places.size() == 10);
  CHECK(to_the_plate > other_bowl / 2);
}

std::set<std::string> AskedOfOthers(const char* suite, int task) {
  const BddlProblem base = LoadBddl(LoadSuite(suite).tasks[task].bddl);
  std::set<std::string> words;
  for (const BddlProblem& made : WithOtherThings(base)) {
    CHECK_NOTHROW(ParseBddl(ToBddl(made), "made"));
    std::string text = made.language + ":";
    for (const BddlPredicate& term : made.goal) {
      if (term.args.size() == 2) text += " " + term.args[0] + ">" + term.args[1];
    }
    words.insert(text);
  }
  return words;
}

TEST_CASE("a goal is asked of another thing of its scene, in the goal as in the words") {
  // two mugs change plates, a third takes the place of either
  CHECK(
      AskedOfOthers("libero_10", 4) ==
      std::set<std::string>{
          "put the red mug on the left plate and put the yellow and white mug on the right plate: "
          "red_coffee_mug_1>plate_1 white_yellow_mug_1>plate_2",
          "put the white mug on the left plate and put the red mug on the right plate: "
          "porcelain_mug_1>plate_1 red_coffee_mug_1>plate_2",
          "put the yellow and white mug on the left plate and put the white mug on the right "
          "plate: white_yellow_mug_1>plate_1 porcelain_mug_1>plate_2"});
  // "box" goes with the cheese; two in one basket are the same the other way round
  const auto baskets = AskedOfOthers("libero_10", 1);
  CHECK(baskets.size() == 10);
  CHECK(
      baskets.contains("put both the milk and the butter in the basket: "
                       "milk_1>basket_1_contain_region butter_1>basket_1_contain_region"));
  // the bowl in short; nothing goes into itself, two alike stay
  const auto cheese = AskedOfOthers("libero_goal", 6);
  CHECK(cheese.contains("put the wine bottle on the bowl: wine_bottle_1>akita_black_bowl_1"));
  CHECK(cheese.size() == 2);
  CHECK(AskedOfOthers("libero_goal", 3)
            .contains("open the top layer of the drawer and put the cream cheese inside: "
                      "cream_cheese_1>wooden_cabinet_1_top_region"));
  CHECK(AskedOfOthers("libero_10", 8).empty());
}

TEST_CASE("drawn sizes are as often larger as smaller") {
  int larger = 0, all = 0;
  for (uint64_t i = 0; i < 50; ++i) {
    RandomStream random(6, "generate", i), same(6, "generate", i);
    const auto sized = DrawProblem(Base(), {.places = Places::kOwn, .sizes = 0.5}, random);
    const auto plain = DrawProblem(Base(), {.places = Places::kOwn}, same);
    REQUIRE(sized);
    REQUIRE(plain);
    const BddlProblem again = ParseBddl(ToBddl(sized->bddl), "drawn");
    for (size_t k = 0; k < again.objects.size(); ++k) {
      CHECK(again.objects[k].size == sized->bddl.objects[k].size);
      CHECK(again.objects[k].size >= 0.666);
      CHECK(again.objects[k].size <= 1.5);
      CHECK(plain->bddl.objects[k].size == 1);
      larger += again.objects[k].size > 1;
      ++all;
    }
  }
  CHECK(larger > 0.4 * all);
  CHECK(larger < 0.6 * all);
}

TEST_CASE("the expert handles things of other sizes") {
  // by a rim, across the body, drawn along the table; onto what is larger and smaller itself
  const auto solve = [](int task, double size) {
    Suite suite = LoadSuite("libero_goal");
    BddlProblem problem = LoadBddl(suite.tasks[task].bddl);
    for (BddlInstance& object : problem.objects) {
      for (const BddlPredicate& term : problem.goal) {
        if (std::count(term.args.begin(), term.args.end(), object.name) > 0) object.size = size;
      }
    }
    const fs::path file = fs::temp_directory_path() / fmt::format("vega_sizes_{}.bddl", task);
    std::ofstream(file) << ToBddl(problem);
    suite.tasks[task].bddl = file;
    const auto libero_task = LoadTask(suite, task);
    Environment environment(libero_task, {}, nullptr);
    const auto sampler = libero_task->NewResetSampler();
    sampler->Seed(0);
    ExpertPolicy expert(LoadExpertTables());
    const RolloutResult result =
        RunEpisode(environment, expert, {}, {}, sampler->Sample(), {}, nullptr);
    fs::remove(file);
    return result.outcome;
  };
  for (const auto& [task, size] : {std::pair{8, 1.4}, {8, 0.75}, {9, 1.2}, {5, 1.2}, {6, 1.3}}) {
    INFO(task << " at " << size);
    CHECK(solve(task, size) == Outcome::kSuccess);
  }
}

TEST_CASE("generated problems form a suite, again the same, and one takes up where it was left") {
  const fs::path folder = fs::temp_directory_path() / "vega_generate_test";
  fs::remove_all(folder);
  const auto tables = LoadExpertTables();
  GenerateOptions options{.folder = folder, .suites = {"libero_object"}, .count = 1, .workers = 1};
  options.make_expert = [=] { return std::make_unique<ExpertPolicy>(tables); };
  const auto names = [&](int count) {
    options.count = count;
    Generator generator(options);
    CHECK(generator.Run([](const GeneratedProblem&) {}, false));
    std::vector<std::string> result;
    for (const GeneratedProblem& problem : generator.problems()) result.push_back(problem.name);
    return result;
  };
  const std::vector<std::string> first = names(1);
  const std::vector<std::string> both = names(2);
  REQUIRE(both.size() == 2);
  CHECK(both[0] == first[0]);
  const Suite suite = LoadSuite(folder.string());
  REQUIRE_FALSE(suite.tasks.empty());
  CHECK(suite.tasks[0].instruction == LoadBddl(suite.tasks[0].bddl).language);
  CHECK_FALSE(suite.tasks[0].variation.empty());
  options.draw.places = Places::kOwn;
  CHECK_THROWS_WITH(Generator(options), Contains("was made with"));
  options.draw = {.sizes = 0.5};
  CHECK_THROWS_WITH(Generator(options), Contains("was made with"));
  options.draw = {};
  options.seed = 1;
  CHECK_THROWS_WITH(Generator(options), Contains("was made with"));
  fs::remove_all(folder);
  CHECK(names(2) != both);
  fs::remove_all(folder);
}

TEST_CASE("LIBERO-PRO's suites are never read") {
  GenerateOptions options{.folder = "unused", .suites = {"libero_goal_swap"}};
  CHECK_THROWS_WITH(Generator(options), Contains("stays a test"));
}

}  // namespace
}  // namespace vega
