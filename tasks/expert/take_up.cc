#include "tasks/expert/take_up.h"

#include <cmath>
#include <numbers>

#include "tasks/expert/clearance.h"
#include "tasks/expert/travel.h"

namespace vega {
namespace {

constexpr double kRoom = 0.03;       // m, around an item that is put down
constexpr double kLost = 0.05;       // m, from where it was held that a dropped object is
constexpr double kPerMetre = 2;      // cost of the way
constexpr double kPerHeight = 20;    // cost of a metre above the table
constexpr double kRoofed = 2;        // crowding above the hand; a handle there makes less
constexpr double kAboveSpot = 0.05;  // m

// m, root of the item as it would stand on what is highest below the spot
Vector3d FreeSpot(const World& world, const Item& item, const Pose& hand) {
  const Bounds bounds = world.BoundsOf(item);
  const Vector3d root = world.PoseOf(item).p;
  const double reach = (bounds.high - bounds.low).head<2>().norm() / 2 + kRoom;
  const Vector2d middle = (bounds.high + bounds.low).head<2>() / 2;
  Vector3d best = root;
  double least = 1e9;
  for (int ring = 0; ring <= 6; ++ring) {
    for (int i = 0; i < (ring == 0 ? 1 : 16); ++i) {
      const double angle = i * std::numbers::pi / 8, length = 0.05 * ring;
      const Vector2d shift(length * std::cos(angle), length * std::sin(angle));
      const double top = TopAlong(world, middle + shift, middle + shift, reach, &item);
      Vector3d spot = root + Vector3d(shift.x(), shift.y(), top - bounds.low.z() + 0.004);
      const double cost = kPerMetre * length + kPerHeight * (top - world.TableHeight()) +
                          ReachCost(world, {hand.p + spot - root, hand.R});
      if (cost >= least) continue;
      least = cost;
      best = spot;
    }
  }
  return best;
}

}  // namespace

Script BackOut(Arm& arm, const Item* held) {
  const Pose hand = arm.hand();
  if (Overhead(arm.world(), hand, held) < kRoofed) co_return true;
  const Vector3d aside = AsideToRise(arm.world(), hand, held);
  if (aside.norm() == 0) co_return true;
  const Pose beside{hand.p + aside, hand.R};
  Arm::Goal goal = [beside] { return beside; };
  co_return co_await arm.Go(goal,
                            {.speed = 0.6, .tolerance = 0.015, .grip = held ? kClosed : kOpen});
}

Script PutDown(Arm& arm, const Item& held) {
  const World& world = arm.world();
  co_await BackOut(arm, &held);
  const Vector3d spot = FreeSpot(world, held, arm.hand());
  const Matrix3d R = arm.hand().R;
  const double apart = (arm.hand().p - world.PoseOf(held).p).norm();
  const auto lost = [&world, &arm, &held, apart] {
    return std::abs((arm.hand().p - world.PoseOf(held).p).norm() - apart) > kLost;
  };
  const auto hand_at = [&world, &arm, &held, spot, R](double above) {
    const Vector3d offset = arm.hand().p - world.PoseOf(held).p;
    return Pose{spot + offset + Vector3d(0, 0, above), R};
  };
  Arm::Goal over = [hand_at] { return hand_at(kAboveSpot); };
  Arm::Goal down = [hand_at] { return hand_at(0); };
  const auto stands = [&world, &held, spot, lost] {
    return lost() || (world.PoseOf(held).p.z() < spot.z() + 0.02 && world.TouchesScene(held));
  };
  const Pose way[] = {over(), down()};
  if (NextWaypoint(arm.hand(), way) == 0) {
    co_await Travel(arm, over, {.speed = 0.9, .max_steps = 70, .grip = kClosed}, &held, lost);
  }
  co_await arm.Go(down, {.speed = 0.5, .tolerance = 0.006, .max_steps = 60, .grip = kClosed},
                  stands);
  co_await arm.Release();
  co_return co_await Retreat(arm, Vector3d::UnitZ(), 0.08, kOpen);
}

}  // namespace vega
