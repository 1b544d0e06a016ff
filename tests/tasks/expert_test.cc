#include <catch2/catch.hpp>
#include <fstream>
#include <optional>

#include "sim/base/error.h"
#include "sim/base/paths.h"
#include "tasks/environment.h"
#include "tasks/expert/expert_policy.h"
#include "tasks/expert/world.h"
#include "tasks/rollout.h"
#include "tasks/scene/object_catalog.h"
#include "tasks/suite/libero_suites.h"
#include "tests/tasks/fake_task.h"

namespace vega {
namespace {

using Catch::Contains;

// plays one initial state of a task, and watches whether the success lasts
RolloutResult Solve(const std::string& suite_name, int task_index,
                    const std::string& name = "expert", int init = 0) {
  const Suite suite = LoadSuite(suite_name);
  const auto task = LoadTask(suite, task_index);
  Environment environment(task, {}, nullptr);
  ExpertPolicy expert(LoadExpertTables(), *ParseExpertName(name));
  const auto sampler = task->NewResetSampler();
  sampler->Seed(0);
  const TaskInfo& info = task->info();
  return RunEpisode(environment, expert, {.hold_steps = 10},
                    {info.suite, info.name, info.instruction, init, 7}, sampler->Sample(),
                    task->init_states()[init]);
}

TEST_CASE("each skill solves a task of LIBERO and the success lasts") {
  struct Case {
    const char *skill, *suite;
    int task;
  };
  for (const Case& c :
       {Case{"pick, drop into a basket", "libero_object", 6},
        Case{"pick by the rim, place on a plate", "libero_spatial", 2},
        Case{"open a drawer", "libero_goal", 0}, Case{"turn a knob", "libero_goal", 7},
        Case{"close a drawer", "libero_90", 0}, Case{"close a door", "libero_90", 33},
        Case{"lay on a rack", "libero_goal", 9}}) {
    const RolloutResult result = Solve(c.suite, c.task);
    INFO(c.skill << ": " << result.error);
    CHECK(result.outcome == Outcome::kSuccess);
    CHECK(result.held);
  }
}

// the expert, and where its hand was beside an item when it first closed [m, world frame]
class WatchedGrasp : public Policy {
 public:
  explicit WatchedGrasp(std::string item)
      : expert_(LoadExpertTables()), item_name_(std::move(item)) {}

  const PolicyContract& contract() const override { return expert_.contract(); }
  void Reset(const EpisodeKey& episode) override { expert_.Reset(episode); }
  std::vector<Action> Act(const PolicyInput& input) override {
    const std::vector<Action> actions = expert_.Act(input);
    if (!beside && actions[0][6] > 0) {
      const World world(*input.task, *input.scene);
      beside = world.Hand().p - world.PoseOf(*world.FindItem(item_name_)).p;
    }
    return actions;
  }

  std::optional<Vector3d> beside;

 private:
  ExpertPolicy expert_;
  std::string item_name_;
};

TEST_CASE("a bowl is pinched on the same side of its rim wherever it stands in a task") {
  struct Case {
    const char* suite;
    int task;
  };
  for (const Case& c : {Case{"libero_goal", 1}, Case{"libero_spatial", 2}}) {
    const auto task = LoadTask(LoadSuite(c.suite), c.task);
    const auto sampler = task->NewResetSampler();
    sampler->Seed(0);
    const TaskInfo& info = task->info();
    for (int init = 0; init < 5; ++init) {
      INFO(c.suite << " init " << init);
      Environment environment(task, {}, nullptr);
      WatchedGrasp expert("akita_black_bowl_1");
      RunEpisode(environment, expert, {}, {info.suite, info.name, info.instruction, init, 7},
                 sampler->Sample(), task->init_states()[init]);
      REQUIRE(expert.beside);
      CHECK(expert.beside->y() > 0.03);
    }
  }
}

TEST_CASE("the same key gives the same episode, variation other motions that solve it too") {
  const RolloutResult plain = Solve("libero_object", 6);
  const RolloutResult varied = Solve("libero_object", 6, "expert:1");
  CHECK(Solve("libero_object", 6).state_hash == plain.state_hash);
  CHECK(varied.state_hash != plain.state_hash);
  CHECK(Solve("libero_object", 6, "expert:1").state_hash == varied.state_hash);
  CHECK(varied.outcome == Outcome::kSuccess);
}

TEST_CASE("every movable category has a grasp whose points lie near the object") {
  const auto tables = LoadExpertTables();
  for (const auto& [category, grasps] : tables->grasps) {
    INFO(category);
    CHECK_NOTHROW(FindCategory(category));
    CHECK_FALSE(grasps.points.empty());
    CHECK(grasps.up.norm() == Approx(1));
    for (const GraspPoint& point : grasps.points) {
      CHECK(point.at.norm() < 0.25);
      CHECK(point.closing.norm() == Approx(1));
      // the fingers close across the object, not along its height
      CHECK(std::abs(point.closing.dot(grasps.up)) < 0.1);
    }
  }
  // everything that LIBERO moves
  for (const char* suite_name :
       {"libero_spatial", "libero_object", "libero_goal", "libero_10", "libero_90"}) {
    for (const TaskEntry& task : LoadSuite(suite_name).tasks) {
      const BddlProblem problem = LoadBddl(task.bddl);
      for (const BddlInstance& object : problem.objects) {
        INFO(object.category);
        CHECK(tables->FindGrasps(object.category) != nullptr);
      }
    }
  }
}

TEST_CASE("grasps and places grow with a thing, every length and no direction") {
  const auto tables = LoadExpertTables();
  const auto far = [](const std::vector<GraspPoint>& from) {
    double sum = 0;
    for (const GraspPoint& point : from) sum += point.at.norm();
    return sum;
  };
  for (const auto& [category, grasps] : tables->grasps) {
    INFO(category);
    const CategoryGrasps larger = Scaled(grasps, 1.5);
    CHECK(far(larger.points) == Approx(1.5 * far(grasps.points)));
    CHECK(far(larger.handles) == Approx(1.5 * far(grasps.handles)));
    CHECK(larger.slide_radius == Approx(1.5 * grasps.slide_radius));
    CHECK(larger.up == grasps.up);
    for (size_t i = 0; i < grasps.points.size(); ++i) {
      CHECK(larger.points[i].closing == grasps.points[i].closing);
    }
  }
  const PlaceSpec basket = tables->PlaceOn("basket", "contain_region"), half = Scaled(basket, 0.5);
  CHECK(half.rim == Approx(basket.rim / 2));
  CHECK(half.height == Approx(basket.height / 2));
  CHECK(half.lean == basket.lean);
}

TEST_CASE("a table that is unsound is refused with file and entry") {
  const auto folder = std::filesystem::temp_directory_path() / "vega_expert_tables";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "grasps.json")
      << R"({"categories": {"brick": {"up": "w", "points": []}}})";
  CHECK_THROWS_WITH(LoadExpertTables(folder), Contains("grasps.json") && Contains("brick"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("a variation out of range is refused, another name is not the expert's") {
  CHECK_FALSE(ParseExpertName("hold"));
  CHECK(ParseExpertName("expert:0.5")->variation == 0.5);
  CHECK_THROWS_WITH(ParseExpertName("expert:2"), Contains("0 to 1"));
  CHECK_THROWS_AS(ParseExpertName("expert:"), Error);
}

TEST_CASE("a task without a BDDL goal is an error, not a guess") {
  const auto task = std::make_shared<FakeTask>(0, 100);
  Environment environment(task, {}, nullptr);
  ExpertPolicy expert(LoadExpertTables());
  const RolloutResult result = RunEpisode(
      environment, expert, {}, {}, task->NewResetSampler()->Sample(), task->init_states()[0]);
  CHECK(result.outcome == Outcome::kError);
  CHECK_THAT(result.error, Contains("BDDL goal"));
}

}  // namespace
}  // namespace vega
