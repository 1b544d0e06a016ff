// The control step against what robosuite's own controller, gripper and observables did.
#include <Eigen/Geometry>
#include <catch2/catch.hpp>

#include "tests/sim/panda_scene.h"

namespace vega {
namespace {

// largest absolute difference, and the width must agree
double Difference(std::span<const double> a, std::span<const double> b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

void RequireObserved(const Scene& scene, const Recording& recording, size_t row, double tolerance) {
  INFO("row " << row);
  const Proprio& seen = scene.proprio();
  CHECK(Difference(seen.eef_pos, recording.Row("eef_pos", row)) <= tolerance);
  CHECK(Difference(seen.eef_quat, recording.Row("eef_quat", row)) <= tolerance);
  CHECK(Difference(seen.joint_pos, recording.Row("joint_pos", row)) <= tolerance);
  CHECK(Difference(seen.joint_vel, recording.Row("joint_vel", row)) <= 100 * tolerance);
  CHECK(Difference(seen.gripper_qpos, recording.Row("gripper_qpos", row)) <= tolerance);
  CHECK(Difference(seen.gripper_qvel, recording.Row("gripper_qvel", row)) <= 100 * tolerance);
}

}  // namespace

TEST_CASE("A replay equals robosuite's step for step, contacts included", "[sim][parity]") {
  const Recording recording;
  const bool exact = GENERATE(false, true);
  Scene scene(PandaModel(), {.exact = exact});
  ResetPanda(scene);
  scene.SetState(recording.All("init"));
  CHECK(Difference(scene.State(), recording.Row("states", 0)) == 0);
  RequireObserved(scene, recording, 0, 0);

  for (size_t step = 0; step < recording.Rows("actions"); ++step) {
    INFO("step " << step);
    REQUIRE(scene.Step(recording.ActionOf(step)) == StepStatus::kOk);
    CHECK(Difference(scene.State(), recording.Row("states", step + 1)) < 1e-10);
    RequireObserved(scene, recording, step + 1, 1e-12);
    CHECK(Difference({scene.controller().goal_pos().data(), 3}, recording.Row("goal_pos", step)) <
          1e-12);
    const Eigen::Matrix3d by_columns = scene.controller().goal_ori().transpose();
    CHECK(Difference({by_columns.data(), 9}, recording.Row("goal_ori", step)) < 1e-12);
    const std::vector<double> ctrl = recording.Row("ctrl", step);  // of 25 sub-steps
    const std::span last(ctrl.end() - scene.model().nu, ctrl.end());
    CHECK(Difference(std::span(scene.data().ctrl, scene.model().nu), last) < 1e-9);
  }
}

TEST_CASE("Solving three times a sub-step equals three whole passes bit for bit", "[sim][parity]") {
  const Recording recording;
  Scene once(PandaModel());
  Scene literal(PandaModel(), {.exact = true});
  for (Scene* scene : {&once, &literal}) {
    ResetPanda(*scene);
    scene->SetState(recording.All("init"));
  }
  for (size_t step = 0; step < recording.Rows("actions"); ++step) {
    once.Step(recording.ActionOf(step));
    literal.Step(recording.ActionOf(step));
    REQUIRE(once.State() == literal.State());
  }
}

TEST_CASE("Goal rotations carry robosuite's float32 rounding bit for bit", "[sim][parity]") {
  const Recording recording;
  double rounding = 0;
  for (size_t i = 0; i < recording.Rows("rotation_delta"); ++i) {
    const std::vector<double> delta = recording.Row("rotation_delta", i);
    const std::vector<double> expected = recording.Row("rotation", i);
    const Eigen::Map<const Eigen::Vector3d> vector(delta.data());
    const Eigen::Matrix3d rotation = RotationFromAxisAngle(vector);
    for (int k = 0; k < 9; ++k) REQUIRE(rotation(k / 3, k % 3) == expected[k]);
    const Eigen::Matrix3d true_rotation =
        Eigen::AngleAxisd(vector.norm(), vector.normalized()).toRotationMatrix();
    rounding = std::max(rounding, (rotation - true_rotation).cwiseAbs().maxCoeff());
  }
  // the recorded rotations really are rounded, so a double path would not pass
  CHECK(rounding > 1e-9);
}

TEST_CASE("The first sub-step after set_init_state acts on the reset pose", "[sim][parity]") {
  const Recording recording;
  Scene scene(PandaModel());
  ResetPanda(scene);
  const Eigen::Vector3d at_reset = scene.controller().eef_pos();
  scene.SetState(recording.All("init"));
  const auto& observed = scene.proprio().eef_pos;
  const Eigen::Vector3d at_init(observed[0], observed[1], observed[2]);
  REQUIRE((at_reset - at_init).norm() > 1e-3);  // the initial state's joint noise

  scene.Step({1, 0, 0, 0, 0, 0, -1});
  CHECK((scene.controller().goal_pos() - at_reset - Eigen::Vector3d(0.05, 0, 0)).norm() < 1e-15);
  scene.Step({0, 0, 0, 0, 0, 0, -1});
  CHECK((scene.controller().goal_pos() - at_reset).norm() > 1e-3);
}

TEST_CASE("An action without rotation keeps the goal's rotation", "[sim]") {
  Scene scene(PandaModel());
  scene.Step({0, 0, 0, 0.3, -0.2, 0.1, -1});
  const Eigen::Matrix3d goal = scene.controller().goal_ori();
  scene.Step({0.5, 0, 0, 0, 0, 0, -1});
  CHECK(scene.controller().goal_ori() == goal);
  scene.Step({0, 0, 0, 0, 0, 1e-12, -1});
  CHECK(scene.controller().goal_ori() != goal);
}

TEST_CASE("Actions beyond 1 count as 1", "[sim]") {
  Scene beyond(PandaModel());
  Scene limit(PandaModel());
  beyond.Step({3, -7, 1, 2, -5, 1, 9});
  limit.Step({1, -1, 1, 1, -1, 1, 1});
  CHECK(beyond.State() == limit.State());
}

}  // namespace vega
