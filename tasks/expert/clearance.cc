#include "tasks/expert/clearance.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace vega {
namespace {

constexpr double kFingerMargin = 0.004, kHandMargin = 0.010;  // m
constexpr double kShoulder = 0.333;                           // m, above the base
constexpr double kWristAbove = 0.204, kWristBack = 0.088;     // m, from the grip site

struct Sample {
  Vector3d local;  // hand frame
  double margin;
};

// fingers at the given opening, and the body of the hand above them
std::vector<Sample> HandSamples(double opening) {
  std::vector<Sample> samples;
  for (const double side : {-1.0, 1.0}) {
    for (const double out : {0.002, 0.012, 0.022}) {
      for (const double y : {-0.010, 0.0, 0.010}) {
        for (const double up : {-0.008, 0.002, 0.012, 0.022, 0.035}) {
          samples.push_back({{side * (opening / 2 + out), y, -up}, kFingerMargin});
        }
      }
    }
  }
  for (int i = -4; i <= 4; ++i) {
    for (const double y : {-0.03, 0.0, 0.03}) {
      for (const double up : {0.036, 0.060, 0.085, 0.115}) {
        samples.push_back({{0.025 * i, y, -up}, kHandMargin});
      }
    }
  }
  return samples;
}

// the part of each geom's count of points inside that counts
double Counted(int points) { return std::min(points, 6) / 4.0; }

double CountInside(const World& world, const std::vector<std::pair<Vector3d, double>>& points,
                   const Item* ignore, const Vector3d& middle, double radius) {
  double total = 0;
  for (const Item& item : world.items()) {
    if (&item == ignore) continue;
    for (const int geom : item.geoms) {
      const Pose pose = world.PoseOfGeom(geom);
      const Vector3d half = world.HalfSizeOfGeom(geom);
      if ((pose.p - middle).norm() > radius + half.norm()) continue;
      int inside = 0;
      for (const auto& [point, margin] : points) {
        const Vector3d local = (pose.R.transpose() * (point - pose.p)).cwiseAbs();
        inside += (local.array() < half.array() + margin).all();
      }
      total += Counted(inside);
    }
  }
  return total;
}

}  // namespace

double Crowding(const World& world, const Pose& hand, double opening, const Item* ignore) {
  std::vector<std::pair<Vector3d, double>> points;
  for (const Sample& sample : HandSamples(opening)) {
    points.emplace_back(hand * sample.local, sample.margin);
  }
  int below_table = 0;
  for (const auto& [point, margin] : points) below_table += point.z() < world.TableHeight();
  return CountInside(world, points, ignore, hand * Vector3d(0, 0, -0.05), 0.14) +
         Counted(below_table);
}

double ItemCrowding(const World& world, const Item& item, const Pose& from, const Pose& to) {
  std::vector<std::pair<Vector3d, double>> points;
  double radius = 0;
  for (const int geom : item.geoms) {
    const Pose pose = world.PoseOfGeom(geom);
    const Vector3d half = world.HalfSizeOfGeom(geom);
    for (int corner = 0; corner < 9; ++corner) {
      Vector3d local = Vector3d::Zero();
      if (corner < 8) {
        local = Vector3d(corner & 1 ? half.x() : -half.x(), corner & 2 ? half.y() : -half.y(),
                         corner & 4 ? half.z() : -half.z());
      }
      const Vector3d moved = to * (from.R.transpose() * (pose * local - from.p));
      points.emplace_back(moved, 0.002);
      radius = std::max(radius, (moved - to.p).norm());
    }
  }
  return CountInside(world, points, &item, to.p, radius + 0.01);
}

double TopAlong(const World& world, const Vector2d& from, const Vector2d& to, double margin,
                const Item* ignore) {
  double top = world.TableHeight();
  const Vector2d way = to - from;
  const int steps = 1 + static_cast<int>(way.norm() / 0.02);
  for (const Item& item : world.items()) {
    if (&item == ignore) continue;
    for (const int geom : item.geoms) {
      const Bounds box = world.BoundsOfGeom(geom);
      if (box.high.z() <= top) continue;
      for (int i = 0; i <= steps; ++i) {
        const Vector2d point = from + way * (static_cast<double>(i) / steps);
        const Vector2d nearest = point.cwiseMax(box.low.head<2>()).cwiseMin(box.high.head<2>());
        if ((nearest - point).norm() > margin) continue;
        top = box.high.z();
        break;
      }
    }
  }
  return top;
}

double Reach(const World& world, const Pose& hand) {
  const Vector3d shoulder = world.RobotBase() + Vector3d(0, 0, kShoulder);
  Vector3d wrist = hand.p - kWristAbove * hand.R.col(2);
  const Vector2d out = (wrist - shoulder).head<2>();
  if (out.norm() > 1e-6) wrist.head<2>() -= kWristBack * out.normalized();
  return (wrist - shoulder).norm();
}

double ReachCost(const World& world, const Pose& hand) {
  const double reach = Reach(world, hand);
  return 15 * std::max(0.0, reach - 0.62) + 60 * std::max(0.0, reach - 0.67);
}

double HighestAt(const World& world, const Vector2d& at) {
  constexpr double kLongest = 0.70;  // m
  const Vector3d shoulder = world.RobotBase() + Vector3d(0, 0, kShoulder);
  const double out = std::max(0.0, (at - shoulder.head<2>()).norm() - kWristBack);
  const double rise = std::sqrt(std::max(0.0, kLongest * kLongest - out * out));
  return shoulder.z() + rise - kWristAbove;
}

}  // namespace vega
