// The expert takes an episode up in its middle: with the object in the hand, in the middle of a
// motion, with something else in the hand, after something was knocked away.

#include <catch2/catch.hpp>
#include <optional>

#include "tasks/environment.h"
#include "tasks/expert/expert_policy.h"
#include "tasks/expert/travel.h"
#include "tasks/expert/world.h"
#include "tasks/rollout.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

// An episode of a task that one policy begins and the expert ends.
class Episode {
 public:
  Episode(const std::string& suite, int index)
      : task_(LoadTask(LoadSuite(suite), index)),
        environment_(task_, {}, nullptr),
        world_(*task_, environment_.scene()) {}

  // `until` ends the first policy's part; the expert has a horizon from there on
  RolloutResult Run(Policy& first, const std::function<bool(int steps)>& until) {
    const auto sampler = task_->NewResetSampler();
    sampler->Seed(0);
    const TaskInfo& info = task_->info();
    const EpisodeKey key{info.suite, info.name, info.instruction, 0, 7};
    Rollout begun(environment_, first, {.max_steps = 1000});
    begun.Start(key, sampler->Sample(), task_->init_states()[0]);
    while (!until(begun.result().played_steps) && begun.Step()) {
    }
    begun_ = begun.result().played_steps;
    REQUIRE(begun.result().outcome == Outcome::kFailure);
    ExpertPolicy expert(LoadExpertTables());
    Rollout ended(environment_, expert,
                  {.max_steps = begun_ + info.horizon,
                   .hold_steps = 10,
                   .on_action = [this](const Action& action) {
                     if (!first_grip_) first_grip_ = action[6];
                   }});
    first_grip_.reset();
    ended.TakeOver(key, begun.state());
    while (ended.Step()) {
    }
    return ended.result();
  }

  const World& world() const { return world_; }
  Environment& environment() { return environment_; }
  int begun() const { return begun_; }  // steps before the takeover
  double first_grip() const { return *first_grip_; }

 private:
  std::shared_ptr<const Task> task_;
  Environment environment_;
  World world_;
  int begun_ = 0;
  std::optional<double> first_grip_;
};

// steps the expert needs alone
int Alone(const std::string& suite, int index) {
  Episode episode(suite, index);
  ExpertPolicy expert(LoadExpertTables());
  return episode.Run(expert, [](int steps) { return steps == 1; }).steps;
}

TEST_CASE("an expert relieved by another in any phase loses little time") {
  struct Case {
    const char *skill, *suite;
    int task;
    int more = 30;  // steps
  };
  for (const Case& c :
       {Case{"into a basket", "libero_object", 6},
        Case{"by the rim onto a plate", "libero_spatial", 2},
        Case{"open a drawer", "libero_goal", 0}, Case{"turn a knob", "libero_goal", 7},
        Case{"slide a plate", "libero_goal", 5, 70}}) {
    const int alone = Alone(c.suite, c.task);
    for (double share = 0.15; share < 1; share += 0.2) {
      Episode episode(c.suite, c.task);
      ExpertPolicy first(LoadExpertTables());
      const int after = static_cast<int>(share * alone);
      const RolloutResult result = episode.Run(first, [=](int steps) { return steps == after; });
      INFO(c.skill << ", taken over after " << after << " of " << alone << " steps");
      CHECK(result.outcome == Outcome::kSuccess);
      CHECK(result.held);
      CHECK(result.steps <= alone + c.more);
    }
  }
}

TEST_CASE("an object held in the air is not dropped by who takes over") {
  Episode episode("libero_object", 6);
  ExpertPolicy first(LoadExpertTables());
  const World& world = episode.world();
  const RolloutResult result = episode.Run(first, [&](int) {
    const Item* held = world.Held();
    return held && !world.TouchesScene(*held) && world.Hand().p.z() > world.TableHeight() + 0.1;
  });
  CHECK(episode.first_grip() == kClosed);
  CHECK(result.outcome == Outcome::kSuccess);
  CHECK(result.held);
}

// plays a policy of another task of the same scene
class Astray : public Policy {
 public:
  explicit Astray(std::shared_ptr<const Task> task)
      : task_(std::move(task)), expert_(LoadExpertTables()) {}
  const PolicyContract& contract() const override { return expert_.contract(); }
  void Reset(const EpisodeKey& key) override { expert_.Reset(key); }
  std::vector<Action> Act(const PolicyInput& input) override {
    PolicyInput other = input;
    other.task = task_.get();
    return expert_.Act(other);
  }

 private:
  std::shared_ptr<const Task> task_;
  ExpertPolicy expert_;
};

TEST_CASE("what is held and has nowhere to go is put down before the task is done") {
  // the scene is that of all of libero_goal: the bowl in the hand, and the stove to be turned on
  const Suite suite = LoadSuite("libero_goal");
  Episode episode("libero_goal", 7);
  Astray first(LoadTask(suite, 8));  // the bowl goes onto the plate
  const World& world = episode.world();
  const Item* bowl = nullptr;
  const RolloutResult result = episode.Run(first, [&](int) {
    bowl = world.Held();
    return bowl && !world.TouchesScene(*bowl) && world.Hand().p.z() > world.TableHeight() + 0.12;
  });
  REQUIRE(bowl != nullptr);
  CHECK(episode.first_grip() == kClosed);
  CHECK(result.outcome == Outcome::kSuccess);
  CHECK(result.held);
  CHECK(world.PoseOf(*bowl).R(2, 2) > 0.95);  // it stands
}

TEST_CASE("an object that was knocked over is picked up from where it lies") {
  Episode episode("libero_object", 6);
  ExpertPolicy first(LoadExpertTables());
  bool struck = false;
  const RolloutResult result = episode.Run(first, [&](int steps) {
    if (steps < 20) return false;
    if (!struck) {
      struck = true;
      const World& world = episode.world();
      const Item& item = *world.FindItem(world.goals()[0].bddl.args[0]);
      const mjModel& model = world.model();
      mjData& data = episode.environment().scene().mutable_data();
      const int joint = model.body_jntadr[item.body];
      data.qvel[model.jnt_dofadr[joint] + 1] = 0.3;  // m/s
      data.qvel[model.jnt_dofadr[joint] + 3] = 6;    // rad/s
    }
    return steps == 40;
  });
  CHECK(result.outcome == Outcome::kSuccess);
}

TEST_CASE("a hand beside a way's line is on it, one off it or turned away is not") {
  const Pose down{{0, 0, 0}, HandDown(0)};
  const Pose way[] = {{{0, 0, 0.2}, down.R}, {{0, 0, 0.05}, down.R}, down};
  CHECK(NextWaypoint({{0.01, 0, 0.12}, down.R}, way) == 1);
  CHECK(NextWaypoint({{0, 0.01, 0.02}, down.R}, way) == 2);
  CHECK(NextWaypoint({{0, 0, 0.3}, down.R}, way) == 0);
  CHECK(NextWaypoint({{0.03, 0, 0.12}, down.R}, way) == 0);
  CHECK(NextWaypoint({{0, 0, 0.12}, HandDown(0.5)}, way) == 0);
  CHECK(NextWaypoint({{0, 0, 0.12}, HandDown(0.5)}, way, 0.6) == 1);
}

}  // namespace
}  // namespace vega
