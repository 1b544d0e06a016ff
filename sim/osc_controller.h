// The arm's controller: a change of end-effector pose in, seven joint torques out.

#pragma once

#include <mujoco/mujoco.h>

#include <Eigen/Core>
#include <array>

#include "sim/robot.h"

namespace vega {

// The rotation of a rotation vector (rad, world frame), with the float32 rounding of robosuite's
// quat2mat (utils/transform_utils.py): off the exact rotation by up to 1e-7, which LIBERO's goals
// therefore are too.
Eigen::Matrix3d RotationFromAxisAngle(const Eigen::Vector3d& axis_angle);

// Operational space control of the grip site's pose (O. Khatib, "A unified approach for motion and
// force control of robot manipulators: the operational space formulation", IEEE J. Robotics and
// Automation 1987), as robosuite's OSC_POSE computes it (controllers/osc.py,
// utils/control_utils.py), all in world frame:
//
//   F = kp (x_goal - x) - kd v
//   T = kp e - kd w,   e = 1/2 sum_i R_i x R_goal,i
//   L_p = (J_p M^-1 J_p^T)^+,   L_r and L likewise with J_r and J = [J_p; J_r]
//   N = I - M^-1 J^T L J
//   tau = J^T [L_p F; L_r T] + bias + N^T M (k_n (q_0 - q) - 2 sqrt(k_n) q')
//
//   x, R, v, w   position m, rotation, velocity m/s and rad/s of the grip site
//   q, q', M, J  joint angles rad, rad/s, mass matrix (7x7), Jacobian (6x7)
//   q_0          joint angles at the reset, rad
//   bias         Coriolis, centrifugal and gravity torque, Nm, always the current one
//   kp = 150 1/s^2,   kd = 2 sqrt(kp),   k_n = 10 1/s^2
//
// After a reset the controller holds the reset's arm state. robosuite does not read the arm again
// until it has computed torques once, so the first sub-step after set_init_state still acts on the
// reset pose; so does this one.
class OscController {
 public:
  // Reads the arm (kinematics of `data` must be current); its pose and angles become goal and q_0.
  void Reset(const mjModel& model, const PandaIndices& robot, mjData& data);

  // False only for the first sub-step after a reset: the arm state at hand is to be used once
  // before it is read again.
  bool update_due() const { return update_due_; }
  // Reads the arm if an update is due.
  void Update(const mjModel& model, const PandaIndices& robot, mjData& data);

  // Starts a policy step. delta (6): dx, dy, dz, rotation vector, each clipped to [-1, 1].
  //   x_goal = x + 0.05 m * delta[0:3]
  //   R_goal = Rotation(0.5 rad * delta[3:6]) R, kept as it is where delta[3:6] is exactly zero
  void SetGoal(const double* delta);
  // Computes the torques, clipped to the actuators' ranges, into data.ctrl.
  void Apply(const mjModel& model, const PandaIndices& robot, mjData& data);

  const Eigen::Vector3d& goal_pos() const { return goal_pos_; }  // m, world
  const Eigen::Matrix3d& goal_ori() const { return goal_ori_; }  // world
  const Eigen::Vector3d& eef_pos() const { return arm_.pos; }    // m, world, as last read

 private:
  using Vector7d = Eigen::Matrix<double, 7, 1>;
  using Matrix7d = Eigen::Matrix<double, 7, 7>;
  using Matrix67d = Eigen::Matrix<double, 6, 7>;

  // The arm as read from mjData.
  struct ArmState {
    Eigen::Vector3d pos = Eigen::Vector3d::Zero();            // x
    Eigen::Matrix3d ori = Eigen::Matrix3d::Identity();        // R
    Eigen::Matrix<double, 6, 1> vel = decltype(vel)::Zero();  // v, w
    Vector7d q = Vector7d::Zero();                            // q
    Vector7d qd = Vector7d::Zero();                           // q'
    Matrix67d jacobian = Matrix67d::Zero();                   // J
    Matrix7d mass = Matrix7d::Identity();                     // M
  };
  static ArmState Read(const mjModel& model, const PandaIndices& robot, mjData& data);
  Vector7d Torque(const Vector7d& bias) const;

  ArmState arm_;
  bool update_due_ = true;
  Vector7d reset_q_ = Vector7d::Zero();                     // q_0
  Eigen::Vector3d goal_pos_ = Eigen::Vector3d::Zero();      // x_goal
  Eigen::Matrix3d goal_ori_ = Eigen::Matrix3d::Identity();  // R_goal
};

}  // namespace vega
