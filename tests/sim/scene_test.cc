// Resets, observations, states and errors of a scene.
#include "sim/scene.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <limits>

#include "sim/base/mujoco_handlers.h"
#include "tests/sim/panda_scene.h"

namespace vega {
namespace {

using Catch::Contains;

constexpr Action kMove = {0.6, -0.4, 0.2, 0.3, 0.1, -0.5, 1};

// the sub-step (1 to 25) of the next control step at which it is observed
int ObservedSubstep(Scene& scene) {
  const double start = scene.data().time;
  double observed = -1;
  scene.Step(kMove, [&] { observed = scene.data().time; });
  return static_cast<int>(std::lround((observed - start) / 0.002));
}

}  // namespace

TEST_CASE("Observations show sub-step 24 after an initial state is set, 25 without", "[sim]") {
  Scene scene(PandaModel());
  for (int step = 0; step < 40; ++step) REQUIRE(ObservedSubstep(scene) == 25);
  scene.BeginReset();
  scene.EndReset();
  scene.SetState(scene.State());
  for (int step = 0; step < 700; ++step) REQUIRE(ObservedSubstep(scene) == 24);
}

TEST_CASE("Observed poses are one sub-step older than observed joints", "[sim]") {
  Scene scene(PandaModel());
  scene.SetState(scene.State());
  for (int step = 0; step < 4; ++step) {
    std::vector<double> qpos, before;
    scene.Step(kMove, [&] {
      const mjData& data = scene.data();
      qpos.assign(data.qpos, data.qpos + scene.model().nq);
      before = qpos;
      for (int i = 0; i < kArmJoints; ++i) {
        before[scene.robot().qpos[i]] -= 0.002 * data.qvel[scene.robot().dof[i]];
      }
    });
    for (int i = 0; i < kArmJoints; ++i) {
      CHECK(scene.proprio().joint_pos[i] == qpos[scene.robot().qpos[i]]);
    }
    // forward kinematics of the sub-step before
    const std::unique_ptr<mjData, void (*)(mjData*)> data(mj_makeData(&scene.model()),
                                                          mj_deleteData);
    std::ranges::copy(before, data->qpos);
    mj_kinematics(&scene.model(), data.get());
    const mjtNum* grip = data->site_xpos + 3 * scene.robot().grip_site;
    for (int i = 0; i < 3; ++i) CHECK(std::abs(scene.proprio().eef_pos[i] - grip[i]) < 1e-12);
    std::ranges::copy(qpos, data->qpos);
    mj_kinematics(&scene.model(), data.get());
    CHECK(std::abs(scene.proprio().eef_pos[0] - grip[0]) > 1e-6);
  }
}

TEST_CASE("The gripper's command moves 0.01 of its half range a sub-step", "[sim]") {
  Scene scene(PandaModel());
  const auto finger = [&](int i) { return scene.data().ctrl[scene.robot().finger_actuator[i]]; };
  scene.Step({0, 0, 0, 0, 0, 0, 0});
  CHECK(finger(0) == 0.02);  // half open, held
  CHECK(finger(1) == -0.02);
  scene.Step({0, 0, 0, 0, 0, 0, -0.3});  // only the sign counts
  CHECK(finger(0) == Approx(0.025).margin(1e-15));
  CHECK(finger(1) == Approx(-0.025).margin(1e-15));
  for (int step = 0; step < 3; ++step) scene.Step(kNoOp);
  CHECK(finger(0) == Approx(0.04).margin(1e-15));  // open after 4 steps
  for (int step = 0; step < 8; ++step) scene.Step({0, 0, 0, 0, 0, 0, 1});
  CHECK(finger(0) == Approx(0).margin(1e-15));  // closed after 8 more
  CHECK(finger(1) == Approx(0).margin(1e-15));
}

TEST_CASE("Fixture poses belong to the reset, not to the initial state or the model", "[sim]") {
  const ModelPtr model = PandaModel();
  Scene scene(model), other(model);
  const int fixture = mj_name2id(model.get(), mjOBJ_BODY, "fixture_main");
  ResetPanda(scene);
  CHECK(scene.model().body_pos[3 * fixture] == 0.1);
  CHECK(scene.data().xpos[3 * fixture] == 0.1);
  scene.SetState(other.State());
  scene.Step(kNoOp);
  CHECK(scene.data().xpos[3 * fixture] == 0.1);
  CHECK(other.model().body_pos[3 * fixture] == 0);
  CHECK(model->body_pos[3 * fixture] == 0);
  scene.BeginReset();
  CHECK(scene.model().body_pos[3 * fixture] == 0);
}

TEST_CASE("A reset puts the arm at its pose and hides every site", "[sim]") {
  Scene scene(PandaModel());
  scene.Step(kMove);
  scene.BeginReset();
  scene.EndReset();
  CHECK(scene.data().time == 0);
  for (int i = 0; i < kArmJoints; ++i) CHECK(scene.proprio().joint_pos[i] == kArmResetQpos[i]);
  CHECK(scene.proprio().gripper_qpos == kFingerResetQpos);
  for (int i = 0; i < scene.model().nsite; ++i) {
    const float alpha = scene.model().site_rgba[4 * i + 3];
    CHECK(alpha == -std::abs(scene.base_model()->site_rgba[4 * i + 3]));
  }
}

TEST_CASE("Two resets give the same episode, bit for bit", "[sim]") {
  Scene scene(PandaModel());
  std::vector<uint64_t> hashes;
  for (int episode = 0; episode < 2; ++episode) {
    ResetPanda(scene);
    for (int step = 0; step < 10; ++step) scene.Step(kMove);
    hashes.push_back(scene.StateHash());
  }
  CHECK(hashes[0] == hashes[1]);
  scene.Step(kMove);
  CHECK(scene.StateHash() != hashes[1]);
}

TEST_CASE("A saved scene goes on bit for bit, in itself and in another", "[sim]") {
  const Recording recording;
  const ModelPtr model = PandaModel();
  Scene scene(model), fork(model);
  ResetPanda(scene);
  scene.SetState(recording.All("init"));
  for (size_t step = 0; step < 20; ++step) scene.Step(recording.ActionOf(step));
  const SceneState saved = scene.Save();
  std::vector<std::vector<double>> states;
  const auto run = [&](Scene& on) {
    for (size_t step = 20; step < 40; ++step) on.Step(recording.ActionOf(step));
    states.push_back(on.State());
    states.back().insert(states.back().end(), on.proprio().eef_pos.begin(),
                         on.proprio().eef_pos.end());
  };
  run(scene);
  scene.Load(saved);
  run(scene);
  fork.Step(kMove);
  fork.Load(saved);
  run(fork);
  CHECK(states[0] == states[1]);
  CHECK(states[0] == states[2]);
}

TEST_CASE("A scene saved right after its reset still has the first sub-step's quirk", "[sim]") {
  const Recording recording;
  Scene scene(PandaModel());
  scene.SetState(recording.All("init"));
  const SceneState saved = scene.Save();
  scene.Step(kMove);
  const std::vector<double> first = scene.State();
  scene.Load(saved);
  scene.Step(kMove);
  CHECK(scene.State() == first);
}

TEST_CASE("Non-finite and misshapen input is refused by name", "[sim]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Scene scene(PandaModel());
  const std::vector<double> before = scene.State();
  CHECK_THROWS_WITH(scene.Step({0, 0, nan, 0, 0, 0, 0}), Contains("action entry 2 is nan"));
  CHECK_THROWS_WITH(scene.Step({0, 0, 0, 0, 0, 0, -1.0 / 0.0}), Contains("action entry 6"));
  std::vector<double> row = before;
  row[3] = nan;
  CHECK_THROWS_WITH(scene.SetState(row), Contains("state entry 3"));
  row = before;
  row.pop_back();
  CHECK_THROWS_WITH(scene.SetState(row), Contains(std::to_string(before.size())));
  CHECK(scene.State() == before);
}

TEST_CASE("A diverged simulation is reported until the next reset", "[sim]") {
  Scene scene(PandaModel());
  std::vector<double> row = scene.State();
  row.back() = 1e11;  // rad/s
  scene.SetState(row);
  CHECK(scene.Step(kNoOp) == StepStatus::kDiverged);
  CHECK(scene.Step(kNoOp) == StepStatus::kDiverged);
  scene.BeginReset();
  scene.EndReset();
  CHECK(scene.Step(kNoOp) == StepStatus::kOk);
  CHECK_FALSE(std::filesystem::exists("MUJOCO_LOG.TXT"));
}

TEST_CASE("A model that is no MJCF, or has no Panda, says so", "[sim]") {
  CHECK_THROWS_WITH(CompileMjcf("<mujoco", "broken.xml"), Contains("broken.xml: "));
  CHECK_THROWS_WITH(
      CompileMjcf("<mujoco><worldbody><geom type='mesh' mesh='m'/></worldbody></mujoco>", "m.xml"),
      Contains("m.xml: "));
  CHECK_THROWS_WITH(Scene(CompileMjcf("<mujoco/>", "empty")), Contains("robot0_joint1"));
}

TEST_CASE("MuJoCo's own errors are thrown, not fatal", "[sim]") {
  InstallMujocoHandlers();
  CHECK_THROWS_WITH(mju_error("bad %d", 7), Contains("bad 7"));
  // deep inside the library: a stack larger than the data's
  Scene scene(PandaModel());
  CHECK_THROWS_AS(mj_stackAllocNum(&scene.mutable_data(), size_t{1} << 40), Error);
}

}  // namespace vega
