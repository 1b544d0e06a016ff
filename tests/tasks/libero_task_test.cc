// fixtures/resets were recorded from Python LIBERO by tools/record_resets.py.

#include "tasks/suite/libero_task.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "sim/base/error.h"
#include "sim/scene.h"
#include "tasks/bddl/bddl.h"

namespace vega {
namespace {

std::shared_ptr<const Task> Load(const std::string& suite, const std::string& task) {
  const Suite loaded = LoadSuite(suite);
  return LoadTask(loaded, FindTask(loaded, task));
}

void Reset(const Task& task, ResetSampler& sampler, Scene& scene) {
  scene.BeginReset();
  task.Place(scene, sampler.Sample());
  scene.EndReset();
}

// x y z, then the quaternion in MuJoCo's order
std::vector<double> FixturePose(const Scene& scene, const std::string& fixture) {
  const mjModel& model = scene.model();
  const int body = mj_name2id(&model, mjOBJ_BODY, (fixture + "_main").c_str());
  REQUIRE(body >= 0);
  std::vector<double> pose(model.body_pos + 3 * body, model.body_pos + 3 * body + 3);
  pose.insert(pose.end(), model.body_quat + 4 * body, model.body_quat + 4 * body + 4);
  return pose;
}

std::vector<double> Qpos(const Scene& scene) {
  return {scene.data().qpos, scene.data().qpos + scene.model().nq};
}

TEST_CASE("Resets leave every fixture and joint exactly where Python LIBERO leaves them") {
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(VEGA_FIXTURES) + "/resets")) {
    const nlohmann::json recorded = nlohmann::json::parse(std::ifstream(entry.path()));
    INFO(entry.path().filename().string());
    const auto task = Load(recorded["suite"], recorded["task"]);
    Scene scene(task->model());
    for (const auto& [seed, resets] : recorded["seeds"].items()) {
      const auto sampler = task->NewResetSampler();
      sampler->Seed(std::stoi(seed));
      int number = 0;
      for (const nlohmann::json& reset : resets) {
        Reset(*task, *sampler, scene);
        INFO("seed " << seed << ", reset " << ++number);
        for (const auto& [fixture, pose] : reset["fixtures"].items()) {
          INFO(fixture);
          CHECK(FixturePose(scene, fixture) == pose.get<std::vector<double>>());
        }
        CHECK(Qpos(scene) == reset["qpos"].get<std::vector<double>>());
      }
      CHECK(number == 3);
    }
    ++files;
  }
  CHECK(files >= 7);
}

TEST_CASE("An initial state keeps the fixtures of the reset before it") {
  const auto task = Load("libero_spatial", "0");
  Scene scene(task->model());
  const auto sampler = task->NewResetSampler();
  sampler->Seed(0);
  Reset(*task, *sampler, scene);
  const std::vector<double> first = FixturePose(scene, "wooden_cabinet_1");
  scene.SetState(task->init_states().at(0));
  CHECK(FixturePose(scene, "wooden_cabinet_1") == first);
  CHECK(first[0] == Approx(0.035611).margin(1e-6));

  // the next episode's fixtures come from the same stream of numbers
  Reset(*task, *sampler, scene);
  scene.SetState(task->init_states().at(0));
  CHECK(FixturePose(scene, "wooden_cabinet_1") != first);
}

TEST_CASE("A task knows its suite, instruction, horizon and initial states") {
  const auto task = Load("libero_goal_task", "2");
  CHECK(task->info().suite == "libero_goal_task");
  CHECK(task->info().index == 2);
  CHECK(task->info().horizon == 300);
  CHECK(task->info().instruction == LoadBddl(LoadSuite("libero_goal_task").tasks[2].bddl).language);
  REQUIRE(task->init_states().size() == 50);
  CHECK(static_cast<int>(task->init_states()[0].size()) ==
        1 + task->model()->nq + task->model()->nv);
}

TEST_CASE("The initial states of another task are refused") {
  Suite suite = LoadSuite("libero_goal");
  suite.tasks[0].init_states = LoadSuite("libero_object").tasks[0].init_states;
  CHECK_THROWS_WITH(LoadTask(suite, 0),
                    Catch::Contains("has 110 numbers a row, the task needs 79"));
}

TEST_CASE("The stove's burner shows while its knob is on") {
  const auto task = Load("libero_goal", "turn_on_the_stove");
  Scene scene(task->model());
  const auto sampler = task->NewResetSampler();
  Reset(*task, *sampler, scene);
  const mjModel& model = scene.model();
  const int site = mj_name2id(&model, mjOBJ_SITE, "flat_stove_1_burner");
  const int knob = model.jnt_qposadr[mj_name2id(&model, mjOBJ_JOINT, "flat_stove_1_button")];
  const auto alpha_at = [&](double angle) {
    scene.mutable_data().qpos[knob] = angle;
    task->PostProcess(scene);
    return model.site_rgba[4 * site + 3];
  };
  // hidden by the reset, 1 - (-1) when on
  CHECK(alpha_at(0.0) == -1);
  CHECK(alpha_at(0.5) == 2);
  CHECK(alpha_at(2.0) == 2);
  CHECK(alpha_at(0.4999) == -1);
  CHECK_FALSE(task->Success(scene));
  scene.mutable_data().qpos[knob] = 0.5;
  CHECK(task->Success(scene));
  const std::vector<GoalTerm> goal = task->Goal(scene);
  REQUIRE(goal.size() == 1);
  CHECK(goal[0].value);
  CHECK(goal[0].text == "turnon(flat_stove_1): joint 0.500, wanted >= 0.5");
}

TEST_CASE("Every conjunct of a goal must hold") {
  const auto task = Load("libero_10", "2");  // stove on, and moka pot on it
  Scene scene(task->model());
  const auto sampler = task->NewResetSampler();
  Reset(*task, *sampler, scene);
  const mjModel& model = scene.model();
  const int knob = model.jnt_qposadr[mj_name2id(&model, mjOBJ_JOINT, "flat_stove_1_button")];
  scene.mutable_data().qpos[knob] = 1;
  const std::vector<GoalTerm> goal = task->Goal(scene);
  REQUIRE(goal.size() == 2);
  CHECK(goal[0].value != goal[1].value);
  CHECK_FALSE(task->Success(scene));
}

TEST_CASE("Workers that share a task draw the same resets") {
  const auto task = Load("libero_spatial", "4");
  std::vector<std::vector<double>> states(2);
  std::vector<std::thread> workers;
  for (std::vector<double>& state : states) {
    workers.emplace_back([&task, &state] {
      Scene scene(task->model());
      const auto sampler = task->NewResetSampler();
      sampler->Seed(7);
      for (int episode = 0; episode < 3; ++episode) Reset(*task, *sampler, scene);
      state = Qpos(scene);
    });
  }
  for (std::thread& worker : workers) worker.join();
  CHECK(states[0] == states[1]);
}

}  // namespace
}  // namespace vega
