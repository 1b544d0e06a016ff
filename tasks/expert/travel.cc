#include "tasks/expert/travel.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tasks/expert/clearance.h"

namespace vega {
namespace {

constexpr double kTip = 0.012;       // m, that the fingertips reach below the grip site
constexpr double kMargin = 0.10;     // m, from the straight way within which things count
constexpr double kLeastGap = 0.008;  // m
constexpr double kGap = 0.025;       // m, above what is below
constexpr double kBeside = 0.02;     // m, from the line of a way to a hand that is on it

// of the hand and what it holds, were both moved by `shift`
double CrowdingOfBoth(const World& world, const Pose& hand, const Item* held,
                      const Vector3d& shift) {
  double total = Crowding(world, {hand.p + shift, hand.R}, world.Opening(), held);
  if (held == nullptr) return total;
  const Pose root = world.PoseOf(*held);
  return total + ItemCrowding(world, *held, root, {root.p + shift, root.R});
}

}  // namespace

Script Travel(Arm& arm, Arm::Goal above, Motion motion, const Item* held, Arm::Until lost) {
  const World& world = arm.world();
  const Pose start = arm.hand(), goal = above();
  double hang = kTip;
  if (held) hang = std::max(hang, start.p.z() - world.BoundsOf(*held).low.z());
  const double top = TopAlong(world, start.p.head<2>(), goal.p.head<2>(), kMargin, held);
  // where the arm would straighten the gap shrinks, but never so far that something is hit
  const double highest =
      std::min(HighestAt(world, start.p.head<2>()), HighestAt(world, goal.p.head<2>()));
  const double z =
      std::max({top + hang + kLeastGap, goal.p.z(), std::min(top + hang + kGap, highest)});
  const bool watched = static_cast<bool>(lost);
  if (start.p.z() < z - 0.02) {
    Motion up = motion;
    up.tolerance = 0.02;
    up.angle = 3.2;
    const Pose over{{start.p.x(), start.p.y(), z}, start.R};
    Arm::Goal rise = [over] { return over; };
    co_await arm.Go(rise, up, lost);
    if (watched && lost()) co_return false;
  }
  Motion level = motion;
  level.tolerance = 0.015;
  Arm::Goal across = [above, z] {
    Pose pose = above();
    pose.p.z() = z;
    return pose;
  };
  const bool there = co_await arm.Go(across, level, lost);
  co_return there && !(watched && lost());
}

Script Retreat(Arm& arm, Vector3d away, double length, double grip) {
  Pose back = arm.hand();
  back.p += length * away;
  Arm::Goal goal = [back] { return back; };
  const Motion motion{.tolerance = 0.03, .angle = 3.2, .max_steps = 25, .grip = grip};
  co_return co_await arm.Go(goal, motion);
}

size_t NextWaypoint(const Pose& hand, std::span<const Pose> way, double angle) {
  for (size_t i = way.size() - 1; i > 0; --i) {
    const Vector3d leg = way[i].p - way[i - 1].p, from = hand.p - way[i - 1].p;
    const double along = std::clamp(from.dot(leg) / std::max(leg.squaredNorm(), 1e-9), 0.0, 1.0);
    if ((from - along * leg).norm() > kBeside) continue;
    if (RotationBetween(hand.R, way[i].R).norm() < angle) return i;
  }
  return 0;
}

double Overhead(const World& world, const Pose& hand, const Item* held, const Vector3d& shift) {
  double total = 0;
  for (const double up : {0.04, 0.08, 0.12}) {
    total += CrowdingOfBoth(world, hand, held, shift + Vector3d(0, 0, up));
  }
  return total;
}

Vector3d AsideToRise(const World& world, const Pose& hand, const Item* held) {
  Vector3d aside = Vector3d::Zero();
  double least = Overhead(world, hand, held);
  if (least <= kOverheadFree) return aside;
  for (int i = 0; i < 16; ++i) {
    const Vector3d out(std::cos(i * std::numbers::pi / 8), std::sin(i * std::numbers::pi / 8), 0);
    for (const double length : {0.04, 0.07, 0.10, 0.14}) {
      const Vector3d shift = length * out + Vector3d(0, 0, 0.02);
      const double cost = Overhead(world, hand, held, length * out) +
                          CrowdingOfBoth(world, hand, held, shift) +
                          CrowdingOfBoth(world, hand, held, 0.5 * shift) + 4 * length;
      if (cost >= least) continue;
      least = cost;
      aside = shift;
    }
  }
  return aside;
}

Matrix3d HandAlong(const Vector3d& closing, double most) {
  double yaw = std::atan2(-closing.x(), closing.y());
  while (yaw > most) yaw -= std::numbers::pi;
  while (yaw <= most - std::numbers::pi) yaw += std::numbers::pi;
  return HandDown(yaw);
}

}  // namespace vega
