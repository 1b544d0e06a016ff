// Rigid poses and the hand's frame.
//
// The hand's frame is site gripper0_grip_site: x is the axis along which the fingers close, z the
// direction of approach, out of the hand. At rest it points down with the fingers closing along
// world y; every pose here is in the world frame, m.

#pragma once

#include <Eigen/Geometry>
#include <numbers>

namespace vega {

using Eigen::Matrix3d;
using Eigen::Vector2d;
using Eigen::Vector3d;

struct Pose {
  Vector3d p = Vector3d::Zero();
  Matrix3d R = Matrix3d::Identity();

  Pose operator*(const Pose& local) const { return {p + R * local.p, R * local.R}; }
  Vector3d operator*(const Vector3d& local) const { return p + R * local; }
};

inline Matrix3d TurnAbout(const Vector3d& axis, double angle) {
  return Eigen::AngleAxisd(angle, axis.normalized()).toRotationMatrix();
}
inline Matrix3d TurnZ(double angle) { return TurnAbout(Vector3d::UnitZ(), angle); }

// The rotation vector (rad, world frame) that turns `from` into `to`.
inline Vector3d RotationBetween(const Matrix3d& from, const Matrix3d& to) {
  const Eigen::AngleAxisd turn(to * from.transpose());
  return turn.angle() * turn.axis();
}

// An angle as its equivalent in (-pi, pi].
inline double Wrapped(double angle) { return std::remainder(angle, 2 * std::numbers::pi); }
inline constexpr double Radians(double degrees) { return degrees * std::numbers::pi / 180; }

// The hand pointing down, turned by `yaw` from its rest.
inline Matrix3d HandDown(double yaw) {
  Matrix3d rest;
  rest << 0, 1, 0, 1, 0, 0, 0, 0, -1;
  return TurnZ(yaw) * rest;
}
// The yaw of a hand that points more or less down.
inline double HandYaw(const Matrix3d& R) { return Wrapped(std::atan2(-R(0, 0), R(1, 0))); }
// A hand whose approach leans from straight down towards the horizontal direction `into` by
// `angle`.
inline Matrix3d Leaned(const Matrix3d& hand, const Vector3d& into, double angle) {
  return TurnAbout(Vector3d(0, 0, -1).cross(into), angle) * hand;
}

}  // namespace vega
