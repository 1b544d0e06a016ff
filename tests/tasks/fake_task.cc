#include "tests/tasks/fake_task.h"

#include <algorithm>
#include <utility>

namespace vega {

// seven hinges about alternating axes, 0.15 m apart
std::string FakeMjcf() {
  std::string links, ends, actuators;
  for (int i = 1; i <= 7; ++i) {
    const std::string n = std::to_string(i);
    links += "<body pos='0 0 .15'><joint name='robot0_joint" + n + "' axis='" +
             (i % 2 ? "0 0 1" : "0 1 0") +
             "' damping='1'/><geom size='.03' mass='1' contype='0' conaffinity='0'/>";
    ends += "</body>";
    actuators += "<motor name='robot0_torq_j" + n + "' joint='robot0_joint" + n +
                 "' ctrllimited='true' ctrlrange='-80 80'/>";
  }
  std::string fingers;
  for (const char* n : {"1", "2"}) {
    const std::string name = n;
    fingers += "<body><joint name='gripper0_finger_joint" + name + "' type='slide' axis='0 " +
               (name == "1" ? "1" : "-1") +
               " 0' damping='10'/><geom size='.01' mass='.1' contype='0' conaffinity='0'/></body>";
    actuators += "<position name='gripper0_gripper_finger_joint" + name +
                 "' joint='gripper0_finger_joint" + name +
                 "' kp='100' ctrllimited='true' ctrlrange='-.04 .04'/>";
  }
  return "<mujoco><option timestep='.002'/><worldbody><geom type='plane' size='2 2 .1'/>" + links +
         "<body name='robot0_right_hand' pos='0 0 .1'><geom size='.02' mass='.2' contype='0' "
         "conaffinity='0'/><site name='gripper0_grip_site'/>" +
         fingers + "</body>" + ends +
         "<body name='box_1_main' pos='.5 .5 .05'><freejoint name='box_1_joint0'/><geom type='box' "
         "size='.05 .05 .05'/></body></worldbody><actuator>" +
         actuators + "</actuator></mujoco>";
}

namespace {

class FakeSampler : public ResetSampler {
 public:
  FakeSampler(int qposadr, const StartVariation& variation)
      : qposadr_(qposadr), further_(variation.exchange + variation.scatter) {}
  void Seed(uint32_t seed) override { next_ = seed % 50; }
  ResetPlacement Sample() override {
    ResetPlacement placement;
    placement.joints.push_back({qposadr_, further_ + 0.01 * next_++});
    return placement;
  }

 private:
  int qposadr_;
  double further_;
  uint32_t next_ = 0;
};

}  // namespace

ModelPtr FakeModel() { return CompileMjcf(FakeMjcf(), "fake task"); }

FakeTask::FakeTask(int index, double solved_at)
    : info_{"fake_suite", index, "fake_task_" + std::to_string(index), "push the box", 40},
      model_(FakeModel()),
      solved_at_(solved_at) {
  // the rows leave the arm at its reset pose and differ in where the box floats
  for (int k = 0; k < 3; ++k) {
    std::vector<double> row(1 + model_->nq + model_->nv);
    for (int i = 0; i < kArmJoints; ++i) row[1 + i] = kArmResetQpos[i];
    row[1 + 9] = .5;
    row[1 + 10] = .1 * k;
    row[1 + 11] = .08;
    row[1 + 12] = 1;
    init_states_.push_back(std::move(row));
  }
}

std::unique_ptr<ResetSampler> FakeTask::NewResetSampler(const StartVariation& variation) const {
  return std::make_unique<FakeSampler>(model_->nq - 7, variation);
}

// the placement survives set_init_state in the body's position, as LIBERO's fixtures do
void FakeTask::Place(Scene& scene, const ResetPlacement& placement) const {
  mjModel& model = scene.mutable_model();
  const int hand = mj_name2id(&model, mjOBJ_BODY, "robot0_right_hand");
  for (const auto& [address, value] : placement.joints) model.body_pos[3 * hand] = value;
  for (const ResetPlacement::Pose& pose : placement.poses) {
    double* qpos = scene.mutable_data().qpos + pose.qposadr;
    std::copy_n(pose.pos, 3, pose.body < 0 ? qpos : model.body_pos + 3 * pose.body);
    std::copy_n(pose.quat, 4, pose.body < 0 ? qpos + 3 : model.body_quat + 4 * pose.body);
  }
}

bool FakeTask::Success(const Scene& scene) const { return scene.data().time >= solved_at_ - 1e-9; }

std::vector<GoalTerm> FakeTask::Goal(const Scene& scene) const {
  return {{"waited", Success(scene)}};
}

Image FakeRenderer::Render(const Scene&, const std::string&, int height, int width) {
  return {
      height, width,
      std::vector<uint8_t>(static_cast<size_t>(height) * width * 3, static_cast<uint8_t>(drawn++))};
}

}  // namespace vega
