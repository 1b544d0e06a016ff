// Episodes taken away from what was learnt: how far, in which direction, and that they are the same
// again.

#include "tasks/shift.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>

#include "policies/random_policy.h"
#include "sim/base/error.h"
#include "tasks/environment.h"
#include "tasks/evaluation/evaluation.h"
#include "tests/tasks/fake_task.h"

namespace vega {
namespace {

using Catch::Contains;

// the fake task with a fixed camera, one on the hand and a light
ModelPtr SeenModel() {
  std::string mjcf = FakeMjcf();
  const std::string world = "<worldbody>", hand = "<site name='gripper0_grip_site'/>";
  mjcf.insert(mjcf.find(world) + world.size(),
              "<camera name='agentview' pos='1 0 1'/><light pos='0 0 3' diffuse='.5 .5 .5'/>");
  mjcf.insert(mjcf.find(hand), "<camera name='robot0_eye_in_hand'/>");
  return CompileMjcf(mjcf, "seen");
}

double Distance(const mjtNum* a, const mjtNum* b, int n) {
  double square = 0;
  for (int i = 0; i < n; ++i) square += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(square);
}

// rad, between two rotations
double Angle(const mjtNum* a, const mjtNum* b) {
  double dot = 0;
  for (int i = 0; i < 4; ++i) dot += a[i] * b[i];
  return 2 * std::acos(std::min(1.0, std::abs(dot)));
}

TEST_CASE("a shift is read from a text and written back") {
  const Shift shift = ParseShift("robot=0.1,camera=0.05");
  CHECK(shift == Shift{.camera = 0.05, .robot = 0.1});
  CHECK(ToText(shift) == "camera=0.05,robot=0.1");
  CHECK(ParseShift(ToText(shift)) == shift);
  CHECK_FALSE(ParseShift("").any());
  CHECK_FALSE(ParseShift("noise=0").any());
  CHECK_THROWS_WITH(ParseShift("zoom=1"), Contains("unknown shift 'zoom=1'"));
  CHECK_THROWS_WITH(ParseShift("camera"), Contains("no strength of the shift 'camera'"));
  CHECK_THROWS_WITH(ParseShift("camera=-1"), Contains("'-1'"));
  CHECK_THROWS_WITH(ParseShift("camera=1m"), Contains("'1m'"));
  CHECK_THROWS_WITH(ParseShift("light=1"), Contains("below 1"));
  CHECK_THROWS_WITH(ParseShift("colour=1.5"), Contains("from 0 to 1"));
  CHECK(ToText(ParseShift("colour=1")) == "colour=1");
}

TEST_CASE("cameras are moved and turned by the strength, those on the robot are not") {
  Scene scene(SeenModel());
  const mjModel& was = *scene.base_model();
  ApplyShift({.camera = 0.05}, {1, "a"}, scene);
  const mjModel& is = scene.model();
  CHECK(Distance(is.cam_pos, was.cam_pos, 3) == Approx(0.05));
  CHECK(Angle(is.cam_quat, was.cam_quat) == Approx(0.05).margin(1e-6));
  CHECK(Distance(is.cam_pos + 3, was.cam_pos + 3, 3) == 0);
  CHECK(Angle(is.cam_quat + 4, was.cam_quat + 4) < 1e-6);

  // the same direction at another strength, another one in another episode
  Scene twice(scene.base_model()), other(scene.base_model());
  ApplyShift({.camera = 0.1}, {1, "a"}, twice);
  ApplyShift({.camera = 0.05}, {1, "b"}, other);
  for (int i = 0; i < 3; ++i) {
    CHECK(twice.model().cam_pos[i] - was.cam_pos[i] ==
          Approx(2 * (is.cam_pos[i] - was.cam_pos[i])));
  }
  CHECK(Distance(is.cam_pos, other.model().cam_pos, 3) > 0.005);
}

TEST_CASE("lights are dimmed or brightened by the strength") {
  std::set<bool> brighter;
  for (const char* episode : {"a", "b", "c", "d", "e", "f"}) {
    Scene scene(SeenModel());
    ApplyShift({.light = 0.4}, {1, episode}, scene);
    const float* diffuse = scene.model().light_diffuse;
    const double mean = (diffuse[0] + diffuse[1] + diffuse[2]) / 3;
    brighter.insert(mean > 0.5);
    CHECK(std::abs(mean / 0.5 - 1) == Approx(0.4).margin(0.17));
  }
  CHECK(brighter.size() == 2);
}

TEST_CASE("things are painted anew, others in another episode, until the next reset") {
  const auto colours = [](const Scene& scene) {
    const mjModel& model = scene.model();
    return std::vector<float>(model.geom_rgba, model.geom_rgba + 4 * model.ngeom);
  };
  Scene plain(SeenModel());
  Scene scene(plain.base_model()), other(plain.base_model());
  ApplyShift({.colour = 1}, {1, "a"}, scene);
  ApplyShift({.colour = 1}, {1, "b"}, other);
  CHECK(colours(scene) != colours(plain));
  CHECK(colours(scene) != colours(other));
  scene.BeginReset();
  CHECK(colours(scene) == colours(plain));
}

TEST_CASE("the arm starts elsewhere and stays there") {
  Scene scene(SeenModel());
  const std::vector<double> before = scene.State();
  ApplyShift({.robot = 0.2}, {1, "a"}, scene);
  const std::vector<double> after = scene.State();
  CHECK(Distance(&after[1], &before[1], kArmJoints) == Approx(0.2));
  CHECK(std::equal(after.begin() + 1 + kArmJoints, after.end(), before.begin() + 1 + kArmJoints));
  // what is observed and what the controller holds to are the new pose
  CHECK(scene.proprio().joint_pos[1] == after[2]);
  for (int i = 0; i < 3; ++i) {
    CHECK(scene.controller().goal_pos()[i] == Approx(scene.proprio().eef_pos[i]));
  }
}

TEST_CASE("noise has the strength asked for and changes with time and camera") {
  const Image grey = {64, 64, std::vector<uint8_t>(64 * 64 * 3, 128)};
  const auto noisy = [&](const char* camera, double time) {
    Image image = grey;
    AddNoise({.noise = 0.1}, {1, "a"}, camera, time, image);
    return image.pixels;
  };
  const std::vector<uint8_t> pixels = noisy("agentview", 0.05);
  double sum = 0, square = 0;
  for (const uint8_t pixel : pixels) {
    sum += pixel;
    square += (pixel - 128.0) * (pixel - 128.0);
  }
  CHECK(sum / static_cast<double>(pixels.size()) == Approx(128).margin(1.5));
  CHECK(std::sqrt(square / static_cast<double>(pixels.size())) == Approx(25.5).margin(1));
  CHECK(pixels == noisy("agentview", 0.05));
  CHECK(pixels != noisy("agentview", 0.1));
  CHECK(pixels != noisy("robot0_eye_in_hand", 0.05));
}

TEST_CASE("a shift ends with its episode") {
  const auto task = std::make_shared<FakeTask>(0, 100);
  FakeRenderer renderer;
  Environment environment(task, {.cameras = {"agentview"}, .image_size = 4}, &renderer);
  environment.Reset({}, task->init_states()[0]);
  const uint64_t plain = environment.scene().StateHash();
  environment.Apply({.robot = 0.2, .noise = 0.2}, {1, "a"});
  CHECK(environment.scene().StateHash() != plain);
  environment.Draw();
  const auto varied = environment.frames()[0].pixels;
  CHECK(std::set<uint8_t>(varied.begin(), varied.end()).size() > 1);
  environment.Reset({}, task->init_states()[0]);
  CHECK(environment.scene().StateHash() == plain);
  environment.Draw();
  const auto even = environment.frames()[0].pixels;
  CHECK(std::set<uint8_t>(even.begin(), even.end()).size() == 1);
}

TEST_CASE("shifted episodes are the same whatever the number of workers") {
  const auto hashes = [](int workers, const Shift& shift) {
    std::map<int, uint64_t> by_episode;
    EvaluationSources sources;
    sources.load_task = [](int task) { return std::make_shared<FakeTask>(task, 100); };
    sources.make_policy = [] { return std::make_unique<RandomPolicy>(); };
    sources.done = [&](const EpisodeRecord& r) { by_episode[r.episode] = r.state_hash; };
    std::vector<EpisodeJob> jobs;
    for (int k = 0; k < 3; ++k) jobs.push_back({FakeTask(0, 1).info(), k});
    std::atomic<bool> stop = false;
    Evaluate(jobs, {.workers = workers, .max_steps = 4, .shift = shift}, sources, stop);
    return by_episode;
  };
  const Shift shift{.robot = 0.1};
  CHECK(hashes(1, shift) == hashes(2, shift));
  CHECK(hashes(1, shift) != hashes(1, {}));
}

}  // namespace
}  // namespace vega
