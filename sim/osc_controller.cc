// The operational space control law and its reading of mjData.

#include "sim/osc_controller.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace vega {
namespace {

constexpr double kStiffness = 150;          // kp
constexpr double kNullspaceStiffness = 10;  // k_n
constexpr double kPositionScale = 0.05;     // m per unit of action
constexpr double kRotationScale = 0.5;      // rad per unit of action

// pseudo-inverse of a symmetric positive semi-definite matrix; eigenvalues up to 1e-15 of the
// largest count as zero
template <int N>
Eigen::Matrix<double, N, N> PseudoInverse(const Eigen::Matrix<double, N, N>& matrix) {
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix<double, N, N>> eigen(matrix);
  const double cutoff = 1e-15 * eigen.eigenvalues().cwiseAbs().maxCoeff();
  Eigen::Matrix<double, N, 1> inverse = Eigen::Matrix<double, N, 1>::Zero();
  for (int i = 0; i < N; ++i) {
    if (std::abs(eigen.eigenvalues()[i]) > cutoff) inverse[i] = 1 / eigen.eigenvalues()[i];
  }
  return eigen.eigenvectors() * inverse.asDiagonal() * eigen.eigenvectors().transpose();
}

// a * b as BLAS computes it, with fused multiply-adds
Eigen::Matrix3d FusedProduct(const Eigen::Matrix3d& a, const Eigen::Matrix3d& b) {
  Eigen::Matrix3d product;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      product(i, j) = std::fma(a(i, 2), b(2, j), std::fma(a(i, 1), b(1, j), a(i, 0) * b(0, j)));
    }
  }
  return product;
}

}  // namespace

Eigen::Matrix3d RotationFromAxisAngle(const Eigen::Vector3d& axis_angle) {
  const double angle = axis_angle.norm();
  if (angle == 0) return Eigen::Matrix3d::Identity();
  const Eigen::Vector3d axis = axis_angle / angle;
  const double sine = std::sin(angle / 2);

  // unit quaternion w,x,y,z in float32, scaled in double to norm sqrt(2)
  float q[4] = {static_cast<float>(std::cos(angle / 2)), static_cast<float>(axis[0] * sine),
                static_cast<float>(axis[1] * sine), static_cast<float>(axis[2] * sine)};
  double square = 0;
  for (float part : q) square += part * part;
  const double scale = std::sqrt(2.0 / static_cast<float>(square));
  for (float& part : q) part = static_cast<float>(part * scale);

  // products and off-diagonal sums in float32, diagonal in double
  const auto o = [&q](int i, int j) { return q[i] * q[j]; };
  const auto diagonal = [&o](int i, int j) { return 1.0 - double{o(i, i)} - double{o(j, j)}; };
  Eigen::Matrix3d rotation;
  rotation << diagonal(2, 3), o(1, 2) - o(3, 0), o(1, 3) + o(2, 0),  //
      o(1, 2) + o(3, 0), diagonal(1, 3), o(2, 3) - o(1, 0),          //
      o(1, 3) - o(2, 0), o(2, 3) + o(1, 0), diagonal(1, 2);
  return rotation;
}

void OscController::Reset(const mjModel& model, const PandaIndices& robot, mjData& data) {
  arm_ = Read(model, robot, data);
  update_due_ = false;
  reset_q_ = arm_.q;
  goal_pos_ = arm_.pos;
  goal_ori_ = arm_.ori;
}

void OscController::Update(const mjModel& model, const PandaIndices& robot, mjData& data) {
  if (!update_due_) return;
  arm_ = Read(model, robot, data);
  update_due_ = false;
}

OscController::ArmState OscController::Read(const mjModel& model, const PandaIndices& robot,
                                            mjData& data) {
  using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  ArmState arm;
  arm.pos = Eigen::Map<const Eigen::Vector3d>(data.site_xpos + 3 * robot.grip_site);
  arm.ori = Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(data.site_xmat +
                                                                           9 * robot.grip_site);
  // jacobian (6 x nv) of the whole model, on MuJoCo's own stack
  const int nv = model.nv;
  mj_markStack(&data);
  mjtNum* jacobian = mj_stackAllocNum(&data, 6 * nv);
  mj_jacSite(&model, &data, jacobian, jacobian + 3 * nv, robot.grip_site);
  const Eigen::Map<const RowMatrix> full_jacobian(jacobian, 6, nv);
  for (int i = 0; i < kArmJoints; ++i) {
    arm.q[i] = data.qpos[robot.qpos[i]];
    arm.qd[i] = data.qvel[robot.dof[i]];
    arm.jacobian.col(i) = full_jacobian.col(robot.dof[i]);
    // A row of MuJoCo's mass matrix is the joint's own entry, then those of the joints it hangs on.
    const mjtNum* entry = data.qM + model.dof_Madr[robot.dof[i]];
    for (int j = i; j >= 0; --j) arm.mass(i, j) = arm.mass(j, i) = *entry++;
  }
  mj_freeStack(&data);
  arm.vel = arm.jacobian * arm.qd;
  return arm;
}

void OscController::SetGoal(const double* delta) {
  Eigen::Matrix<double, 6, 1> clipped;
  for (int i = 0; i < 6; ++i) clipped[i] = std::clamp(delta[i], -1.0, 1.0);
  goal_pos_ = arm_.pos + kPositionScale * clipped.head<3>();
  const Eigen::Vector3d rotation = kRotationScale * clipped.tail<3>();
  if ((rotation.array() != 0.0).any()) {
    goal_ori_ = FusedProduct(RotationFromAxisAngle(rotation), arm_.ori);
  }
}

void OscController::Apply(const mjModel& model, const PandaIndices& robot, mjData& data) {
  Vector7d bias;
  for (int i = 0; i < kArmJoints; ++i) bias[i] = data.qfrc_bias[robot.dof[i]];
  const Vector7d torque = Torque(bias);
  for (int i = 0; i < kArmJoints; ++i) {
    const mjtNum* range = model.actuator_ctrlrange + 2 * robot.actuator[i];
    data.ctrl[robot.actuator[i]] = std::clamp(torque[i], range[0], range[1]);
  }
  update_due_ = true;
}

OscController::Vector7d OscController::Torque(const Vector7d& bias) const {
  const double damping = 2 * std::sqrt(kStiffness);
  const double nullspace_damping = 2 * std::sqrt(kNullspaceStiffness);

  // rotation error: half the sum of the cross products of the axes
  Eigen::Vector3d error = Eigen::Vector3d::Zero();
  for (int i = 0; i < 3; ++i) error += arm_.ori.col(i).cross(goal_ori_.col(i));
  const Eigen::Vector3d force = kStiffness * (goal_pos_ - arm_.pos) - damping * arm_.vel.head<3>();
  const Eigen::Vector3d moment = kStiffness * (0.5 * error) - damping * arm_.vel.tail<3>();

  // operational space inertias: position and rotation decoupled for the task, joint for the null
  // space
  const Matrix67d& jacobian = arm_.jacobian;
  const Matrix7d mass_inverse = arm_.mass.partialPivLu().inverse();
  const Eigen::Matrix<double, 7, 6> weighted = mass_inverse * jacobian.transpose();
  const Eigen::Matrix<double, 6, 6> inertia_inverse = jacobian * weighted;
  Eigen::Matrix<double, 6, 1> wrench;
  wrench.head<3>() = PseudoInverse<3>(inertia_inverse.topLeftCorner<3, 3>()) * force;
  wrench.tail<3>() = PseudoInverse<3>(inertia_inverse.bottomRightCorner<3, 3>()) * moment;
  const Matrix7d nullspace =
      Matrix7d::Identity() - weighted * PseudoInverse<6>(inertia_inverse) * jacobian;

  const Vector7d posture =
      arm_.mass * (kNullspaceStiffness * (reset_q_ - arm_.q) - nullspace_damping * arm_.qd);
  return jacobian.transpose() * wrench + bias + nullspace.transpose() * posture;
}

}  // namespace vega
