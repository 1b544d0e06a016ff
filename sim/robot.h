// Where the Panda arm and its gripper lie in a compiled model, and their reset pose.

#pragma once

#include <mujoco/mujoco.h>

#include <array>

namespace vega {

inline constexpr int kArmJoints = 7;
inline constexpr int kFingers = 2;

// rad, joint angles at a reset (robosuite models/robots/manipulators/panda_robot.py)
inline constexpr std::array<double, kArmJoints> kArmResetQpos = {
    0, -1.61037389e-01, 0, -2.44459747e+00, 0, 2.22675220e+00, 0.78539816339744830962};

// m, finger positions at a reset (robosuite models/grippers/panda_gripper.py)
inline constexpr std::array<double, kFingers> kFingerResetQpos = {0.020833, -0.020833};

// Addresses of the robot's parts, resolved once by name so that no step looks a name up.
struct PandaIndices {
  std::array<int, kArmJoints> qpos{};       // addresses in qpos
  std::array<int, kArmJoints> dof{};        // addresses in qvel
  std::array<int, kArmJoints> actuator{};   // addresses in ctrl
  std::array<int, kFingers> finger_qpos{};  // finger 1 (+), finger 2 (-)
  std::array<int, kFingers> finger_dof{};
  std::array<int, kFingers> finger_actuator{};
  int grip_site = -1;  // site gripper0_grip_site, the controlled point
  int hand_body = -1;  // body robot0_right_hand, whose rotation is observed

  // Throws Error naming the first part that `model` lacks.
  static PandaIndices Find(const mjModel& model);
};

// Whether a contact of the last forward pass pairs a part of the robot with anything else.
bool RobotTouches(const mjModel& model, const PandaIndices& robot, const mjData& data);

}  // namespace vega
