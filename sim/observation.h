// What the robot senses at one control step, as LIBERO samples it.

#pragma once

#include <array>

namespace vega {

// One control action: dx dy dz (of 0.05 m), d-rotation vector x y z (of 0.5 rad), gripper (-1
// opens, +1 closes). World axes, every entry in [-1, 1].
using Action = std::array<double, 7>;

inline constexpr Action kNoOp = {0, 0, 0, 0, 0, 0, -1};

// Proprioception. Sampled within a control step by the schedule of ObservationTimer (24th of 25
// sub-steps in the evaluators' protocol); poses lag joint positions by one further sub-step, as in
// robosuite.
struct Proprio {
  std::array<double, 3> eef_pos{};       // m, world frame, site gripper0_grip_site
  std::array<double, 4> eef_quat{};      // x,y,z,w, world frame, body robot0_right_hand
  std::array<double, 2> gripper_qpos{};  // m, finger 1 (+), finger 2 (-)
  std::array<double, 2> gripper_qvel{};  // m/s
  std::array<double, 7> joint_pos{};     // rad
  std::array<double, 7> joint_vel{};     // rad/s
};

}  // namespace vega
