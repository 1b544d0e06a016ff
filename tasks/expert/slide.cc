#include "tasks/expert/slide.h"

#include <algorithm>

#include "tasks/expert/clearance.h"
#include "tasks/expert/travel.h"

namespace vega {
namespace {

constexpr double kTip = 0.0092;      // m, from the grip site to the fingertips
constexpr double kTipAbove = 0.005;  // m, of the fingertips above the table
constexpr double kLostRim = 0.03;    // m, of the hand beyond the wall
constexpr double kNear = 0.015;      // m, from the end of the way
constexpr double kBlocked = 3.1;     // cost of a way that is not tried
constexpr int kGrips = 6;

struct Way {
  Vector2d middle;
  double cost;  // of what the item runs into
};

// over the point beside the middle by which the item runs into least
Way FindWay(const World& world, const Item& item, const Vector2d& from, const Vector2d& to) {
  const Pose now = world.PoseOf(item);
  const Vector2d way = to - from, side = Vector2d(-way.y(), way.x()).normalized();
  Way best{(from + to) / 2, 1e9};
  for (const double offset : {0.0, 0.04, -0.04, 0.08, -0.08, 0.12, -0.12}) {
    const Vector2d middle = (from + to) / 2 + offset * side;
    double cost = 10 * std::abs(offset);
    for (int i = 1; i <= 8; ++i) {
      const double s = i / 8.0;
      const Vector2d at = s < 0.5 ? Vector2d(from + 2 * s * (middle - from))
                                  : Vector2d(middle + (2 * s - 1) * (to - middle));
      cost += 0.3 * ItemCrowding(world, item, now, {{at.x(), at.y(), now.p.z()}, now.R}) +
              0.3 * ReachCost(world, {{at.x(), at.y(), now.p.z()}, HandDown(0)});
    }
    if (cost < best.cost) best = {middle, cost};
  }
  return best;
}

}  // namespace

Script Slide(Arm& arm, const ExpertTables& tables, const Item& item, const Region& region) {
  const World& world = arm.world();
  const double radius = item.size * tables.FindGrasps(item.category)->slide_radius;
  const double height = world.TableHeight() + kTip + kTipAbove;
  const Vector2d end = world.PoseOf(region).p.head<2>();
  const Vector2d half = (world.PoseOf(region).R * region.half).cwiseAbs().head<2>();
  const Vector2d begin = world.PoseOf(item).p.head<2>();
  const Way way_there = FindWay(world, item, begin, end);
  if (way_there.cost > kBlocked) co_return false;
  const Vector2d middle = way_there.middle;
  const auto root = [&world, &item] { return Vector2d(world.PoseOf(item).p.head<2>()); };
  const auto inside = [&] {
    return ((root() - end).cwiseAbs().array() < 0.7 * half.array()).all();
  };
  bool past_middle = false;
  for (int grip = 0; grip < kGrips && !inside(); ++grip) {
    const Vector2d goal = past_middle ? end : middle;
    const Vector2d way = (goal - root()).normalized();
    const Vector3d out(way.x(), way.y(), 0);
    const Matrix3d R = HandAlong(out, Radians(95));
    const auto at = [&world, &item, out, radius, height, R](double above) {
      Vector3d p = world.PoseOf(item).p + radius * out;
      p.z() = height + above;
      return Pose{p, R};
    };
    Arm::Goal above = [at] { return at(0.05); };
    Arm::Goal rim = [at] { return at(0); };
    const Pose down[] = {above(), rim()};
    if (world.Held() != &item || NextWaypoint(arm.hand(), down) == 0) {
      co_await Travel(arm, above, {.max_steps = 70}, nullptr, {});
      co_await arm.Go(rim, {.speed = 0.7, .tolerance = 0.005, .max_steps = 40});
      co_await arm.Close();
    }
    const auto lost = [&] { return (arm.hand().p.head<2>() - root()).norm() > radius + kLostRim; };
    const auto draw_to = [&arm, root, height, R](const Vector2d& to) {
      const Vector2d offset = arm.hand().p.head<2>() - root();
      return Pose{{to.x() + offset.x(), to.y() + offset.y(), height}, R};
    };
    const Motion draw{
        .speed = 0.6, .tolerance = kNear, .max_steps = 80, .grip = kClosed, .gain = 1.5};
    if (!past_middle) {
      Arm::Goal to_middle = [draw_to, middle] { return draw_to(middle); };
      past_middle = co_await arm.Go(to_middle, draw, lost) && !lost();
    }
    if (past_middle) {
      Arm::Goal to_end = [draw_to, end] { return draw_to(end); };
      co_await arm.Go(to_end, draw, lost);
    }
    co_await arm.Release();
    co_await Retreat(arm, Vector3d::UnitZ(), 0.06, kOpen);
  }
  co_return inside();
}

}  // namespace vega
