#include "tasks/recording.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/safetensors.h"
#include "tests/tasks/fake_task.h"

namespace vega {
namespace {

using Catch::Contains;
using Shape = std::vector<int64_t>;

std::vector<Action> Actions(int count) {
  std::vector<Action> actions(count, kNoOp);
  for (int t = 0; t < count; ++t) actions[t][0] = 0.1 * t;
  return actions;
}

TEST_CASE("a recording has a row for the initial state and one for each step") {
  const auto task = std::make_shared<FakeTask>(3, 3 * 0.05);
  FakeRenderer renderer;
  Environment environment(task, {false, {"agentview", "robot0_eye_in_hand"}, 8}, &renderer);
  const std::vector<Action> actions = Actions(5);
  const Recording recording = RecordReplay(environment, 2, actions, 2);
  const auto file = std::filesystem::temp_directory_path() / "vega_recording_test.safetensors";
  SaveRecording(recording, *task, file);

  const SafetensorsFile saved = SafetensorsFile::Open(file);
  const int64_t width = 1 + task->model()->nq + task->model()->nv;
  CHECK(saved.at("actions").shape == Shape{5, 7});
  CHECK(saved.at("states").shape == Shape{6, width});
  CHECK(saved.at("eef_pos").shape == Shape{6, 3});
  CHECK(saved.at("eef_quat").shape == Shape{6, 4});
  CHECK(saved.at("gripper_qpos").shape == Shape{6, 2});
  CHECK(saved.at("joint_pos").shape == Shape{6, 7});
  CHECK(saved.at("ctrl").shape == Shape{5, task->model()->nu});
  CHECK(saved.at("goal_pos").shape == Shape{5, 3});
  CHECK(saved.at("goal_ori").shape == Shape{5, 9});
  CHECK(saved.Values<uint8_t>("success") == std::vector<uint8_t>{0, 0, 1, 1, 1});
  CHECK(saved.Values<int64_t>("image_steps") == std::vector<int64_t>{0, 2, 4});
  CHECK(saved.at("image_agentview").shape == Shape{3, 8, 8, 3});
  CHECK(saved.at("image_robot0_eye_in_hand").dtype == DType::kU8);
  // row 0 is the initial state itself; no no-op was played
  const std::vector<double> states = saved.Values<double>("states");
  CHECK(std::equal(task->init_states()[2].begin(), task->init_states()[2].end(), states.begin()));
  CHECK(states[width] == Approx(0.05));
  CHECK(saved.metadata().at("task") == "3");
  CHECK(saved.metadata().at("init") == "2");
  CHECK(saved.metadata().at("render_quality") == "exact");
  CHECK(nlohmann::json::parse(saved.metadata().at("joint_names")).size() == 10);
  std::filesystem::remove(file);
}

TEST_CASE("the same actions give the same recording") {
  const auto task = std::make_shared<FakeTask>(0, 1);
  Environment one(task, {}, nullptr), two(task, {}, nullptr);
  const std::vector<Action> actions = Actions(4);
  const Recording first = RecordReplay(one, 0, actions, 1);
  // also in an environment that has been used
  CHECK(first.states == RecordReplay(one, 0, actions, 1).states);
  CHECK(first.states == RecordReplay(two, 0, actions, 1).states);
  CHECK(first.ctrl == RecordReplay(two, 0, actions, 1).ctrl);
}

TEST_CASE("an initial state that does not exist cannot be replayed") {
  Environment environment(std::make_shared<FakeTask>(0, 1), {}, nullptr);
  CHECK_THROWS_WITH(RecordReplay(environment, 3, Actions(1), 1),
                    Contains("no initial state 3") && Contains("it has 3"));
}

}  // namespace
}  // namespace vega
