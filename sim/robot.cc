// The names of the robot's parts.

#include "sim/robot.h"

#include <string>

#include "sim/base/error.h"

namespace vega {
namespace {

int Id(const mjModel& model, mjtObj type, const std::string& name) {
  const int id = mj_name2id(&model, type, name.c_str());
  if (id < 0) {
    throw Error("the model has no " + std::string(mju_type2Str(type)) + " \"" + name + "\"",
                "vega drives a Panda named as robosuite names it");
  }
  return id;
}

}  // namespace

PandaIndices PandaIndices::Find(const mjModel& model) {
  PandaIndices robot;
  for (int i = 0; i < kArmJoints; ++i) {
    const std::string number = std::to_string(i + 1);
    const int joint = Id(model, mjOBJ_JOINT, "robot0_joint" + number);
    robot.qpos[i] = model.jnt_qposadr[joint];
    robot.dof[i] = model.jnt_dofadr[joint];
    robot.actuator[i] = Id(model, mjOBJ_ACTUATOR, "robot0_torq_j" + number);
  }
  for (int i = 0; i < kFingers; ++i) {
    const std::string number = std::to_string(i + 1);
    const int joint = Id(model, mjOBJ_JOINT, "gripper0_finger_joint" + number);
    robot.finger_qpos[i] = model.jnt_qposadr[joint];
    robot.finger_dof[i] = model.jnt_dofadr[joint];
    robot.finger_actuator[i] = Id(model, mjOBJ_ACTUATOR, "gripper0_gripper_finger_joint" + number);
  }
  robot.grip_site = Id(model, mjOBJ_SITE, "gripper0_grip_site");
  robot.hand_body = Id(model, mjOBJ_BODY, "robot0_right_hand");
  return robot;
}

bool RobotTouches(const mjModel& model, const PandaIndices& robot, const mjData& data) {
  const int root = model.body_rootid[robot.hand_body];
  for (int i = 0; i < data.ncon; ++i) {
    const int* geom = data.contact[i].geom;
    const bool first = model.body_rootid[model.geom_bodyid[geom[0]]] == root;
    const bool second = model.body_rootid[model.geom_bodyid[geom[1]]] == root;
    if (first != second) return true;
  }
  return false;
}

}  // namespace vega
