// A policy told another task's words, and which goals its episodes are judged by.

#include "tasks/evaluation/told_task.h"

#include <catch2/catch.hpp>
#include <set>

#include "sim/base/error.h"
#include "tasks/environment.h"
#include "tasks/evaluation/evaluation.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

using Catch::Contains;

constexpr char kStove[] = "turn_on_the_stove", kDrawer[] = "open_the_middle_drawer_of_the_cabinet";

TaskEntry Entry(const Suite& suite, const std::string& task) {
  return suite.tasks[FindTask(suite, task)];
}

// stands still and keeps what it was told
class Listener : public Policy {
 public:
  explicit Listener(std::set<std::string>& heard) : heard_(heard) {}
  const PolicyContract& contract() const override { return contract_; }
  void Reset(const EpisodeKey& key) override { heard_.insert(key.instruction); }
  std::vector<Action> Act(const PolicyInput&) override { return {kNoOp}; }

 private:
  std::set<std::string>& heard_;
  PolicyContract contract_;
};

TEST_CASE("a told goal is judged on another task's scene") {
  const Suite suite = LoadSuite("libero_goal");
  const auto stove = LoadTask(suite, FindTask(suite, kStove));
  Environment environment(stove, {}, nullptr);
  environment.Reset({}, stove->init_states()[0]);
  const ToldGoal drawer(LoadToldTask(Entry(suite, kDrawer)), *stove);
  CHECK_FALSE(drawer.Holds(environment.scene()));

  Scene& scene = environment.scene();
  const int joint = mj_name2id(&scene.model(), mjOBJ_JOINT, "wooden_cabinet_1_middle_level");
  REQUIRE(joint >= 0);
  scene.mutable_data().qpos[scene.model().jnt_qposadr[joint]] = -0.15;
  CHECK(drawer.Holds(scene));
  CHECK_FALSE(stove->Success(scene));
}

TEST_CASE("a goal about things the scene lacks is refused, naming both tasks") {
  const Suite goal = LoadSuite("libero_goal"), object = LoadSuite("libero_object");
  const auto stove = LoadTask(goal, FindTask(goal, kStove));
  CHECK_THROWS_WITH(ToldGoal(LoadToldTask(object.tasks[0]), *stove),
                    Contains(kStove) && Contains(object.tasks[0].name));
}

TEST_CASE("the policy hears the told task's words and the record says what came of them") {
  const Suite suite = LoadSuite("libero_goal");
  const int stove = FindTask(suite, kStove);
  std::set<std::string> heard;
  std::vector<EpisodeRecord> records;
  EvaluationSources sources;
  sources.load_task = [&](int task) { return LoadTask(suite, task); };
  sources.make_policy = [&] { return std::make_unique<Listener>(heard); };
  sources.done = [&](const EpisodeRecord& record) { records.push_back(record); };
  std::atomic<bool> stop = false;
  const TaskInfo info = {suite.name, stove, kStove, suite.tasks[stove].instruction, suite.horizon};
  const ToldTask told = LoadToldTask(Entry(suite, kDrawer));
  Evaluate({{info, 0}}, {.workers = 1, .max_steps = 1, .told = {{stove, told}}}, sources, stop);
  Evaluate({{info, 0}}, {.workers = 1, .max_steps = 1}, sources, stop);
  ToldTask reached = told;
  reached.problem.goal.clear();  // nothing is left to do
  Evaluate({{info, 0}}, {.workers = 1, .max_steps = 1, .told = {{stove, reached}}}, sources, stop);

  REQUIRE(records.size() == 3);
  CHECK(records[0].error.empty());
  CHECK(heard == std::set<std::string>{told.instruction, info.instruction});
  CHECK(records[0].instruction == told.instruction);
  CHECK(records[0].told == false);
  CHECK(records[1].told == std::nullopt);
  CHECK(records[2].told == true);
  CHECK(records[2].outcome == Outcome::kFailure);  // of its own goal
}

}  // namespace
}  // namespace vega
