#include "tasks/expert/fixtures.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "sim/base/error.h"
#include "tasks/expert/place_options.h"
#include "tasks/expert/travel.h"

namespace vega {
namespace {

constexpr double kTip = 0.0092;         // m, from the grip site to the fingertips
constexpr double kFingerHalf = 0.0087;  // m, half thickness of the fingers across their closing
constexpr double kDrawn = -0.150;       // m, a drawer is open from -0.14
constexpr double kShut = 0.0006;        // m, and closed from 0
constexpr double kUsable = -0.12;       // m, far enough to put something in
constexpr double kKnobOn = 0.55;        // rad, on from 0.5
constexpr double kDoorOpen = -1.33;     // rad, open from -1.3
constexpr double kDoorWide = -1.55;     // rad, nothing hits the door on its way in
constexpr double kDoorShut = -0.004;    // rad, closed from -0.005

template <typename Map>
const auto& Require(const Map& map, const std::string& category, const char* what) {
  const auto found = map.find(category);
  if (found != map.end()) return found->second;
  throw Error(fmt::format("the expert knows no {} of {}", what, category),
              "add its category to assets/places.json");
}

// The moving handle of a drawer.
class Drawer {
 public:
  Drawer(const World& world, const ExpertTables& tables, const Region& region)
      : world_(world),
        joint_(region.joints.at(0)),
        fixture_(world.PoseOf(*region.item)),
        handle_(Require(Require(tables.drawers, region.item->category, "drawers"), region.part,
                        "drawer")),
        into_(IntoOf(world, *region.item)) {}

  double q() const { return world_.Joint(joint_); }
  Vector3d bar() const { return fixture_ * (handle_.bar + Vector3d(0, q(), 0)); }
  const Vector3d& half() const { return handle_.half; }
  const Vector3d& into() const { return into_; }
  Vector3d along() const { return fixture_.R.col(0); }

 private:
  const World& world_;
  const std::string joint_;
  const Pose fixture_;
  const DrawerHandle& handle_;
  const Vector3d into_;
};

// A door's frame at an angle: x from the hinge along the door, y inwards.
class DoorFrame {
 public:
  DoorFrame(const World& world, const ExpertTables& tables, const Item& fixture)
      : world_(world),
        joint_(fixture.joints.at(0)),
        fixture_(world.PoseOf(fixture)),
        door(Require(tables.doors, fixture.category, "door")) {}

  double q() const { return world_.Joint(joint_); }
  // world point at (x, y) of the door turned to `q`, at a height above the root
  Vector3d At(double q, const Vector2d& xy, double z) const {
    const Vector3d hinge(door.hinge.x(), door.hinge.y(), z);
    return fixture_ * (hinge + TurnZ(q) * Vector3d(xy.x(), xy.y(), 0));
  }
  Vector3d Along(double q) const { return fixture_.R * TurnZ(q) * Vector3d::UnitX(); }

 private:
  const World& world_;
  const std::string joint_;
  const Pose fixture_;

 public:
  const Door& door;
};

}  // namespace

Script OpenDrawer(Arm& arm, const ExpertTables& tables, const Region& region) {
  constexpr double kLean = Radians(60);
  const Drawer drawer(arm.world(), tables, region);
  const Vector3d into = drawer.into();
  const Matrix3d R = Leaned(HandAlong(drawer.along()), into, kLean);
  const Vector3d approach = R.col(2);
  // across the fingers, in the plane of the lean, upwards
  const Vector3d up = (Vector3d::UnitZ() - approach.z() * approach).normalized();
  const auto hooked = [&drawer, R, into, approach, up](double above, double before) {
    const Vector3d edge = drawer.bar() + into * (drawer.half().y() + 0.004 - before) +
                          Vector3d::UnitZ() * (drawer.half().z() - 0.004 + above);
    return Pose{edge + up * kFingerHalf - approach * kTip, R};
  };
  const auto open = [&drawer] { return drawer.q() < kDrawn; };
  for (int attempt = 0; attempt < 3 && !open(); ++attempt) {
    Arm::Goal pre = [hooked] { return hooked(0.05, 0.07); };
    Arm::Goal over = [hooked] { return hooked(0.012, 0.03); };
    Arm::Goal tip = [hooked] { return hooked(0.004, 0); };
    const Pose way[] = {pre(), over(), tip()};
    const size_t next = NextWaypoint(arm.hand(), way);
    if (next == 0) {
      co_await Travel(arm, pre, {.max_steps = 80, .grip = kClosed}, nullptr, {});
      co_await arm.Go(pre, {.tolerance = 0.02, .angle = 0.08, .max_steps = 40, .grip = kClosed});
    }
    if (next <= 1) co_await arm.Go(over, {.speed = 0.8, .max_steps = 40, .grip = kClosed});
    co_await arm.Go(tip, {.speed = 0.6, .tolerance = 0.006, .max_steps = 40, .grip = kClosed});
    double furthest = drawer.q();
    for (int step = 0, idle = 0; step < 60 && idle < 12 && !open(); ++step) {
      const Vector3d pull = -0.8 * into - 0.4 * Vector3d::UnitZ();
      const Vector3d turn = 1.5 * RotationBetween(arm.hand().R, R) / 0.5;
      co_await arm.Play({pull.x(), pull.y(), pull.z(), turn.x(), turn.y(), turn.z(), kClosed});
      idle = drawer.q() < furthest - 0.0005 ? 0 : idle + 1;
      furthest = std::min(furthest, drawer.q());
    }
    co_await Retreat(arm, Vector3d::UnitZ(), 0.06, kClosed);
  }
  co_return open();
}

Script CloseDrawer(Arm& arm, const ExpertTables& tables, const Region& region) {
  constexpr double kLean = Radians(50);
  const Drawer drawer(arm.world(), tables, region);
  const Vector3d into = drawer.into();
  const Matrix3d R = Leaned(HandAlong(drawer.along()), into, kLean);
  const auto before = [&drawer, R, into](double out, double above) {
    const Vector3d tip = drawer.bar() - out * into + Vector3d(0, 0, above - 0.003);
    return Pose{tip - R.col(2) * kTip, R};
  };
  const auto shut = [&drawer] { return drawer.q() > kShut; };
  for (int attempt = 0; attempt < 3 && !shut(); ++attempt) {
    Arm::Goal pre = [before] { return before(0.07, 0.05); };
    Arm::Goal front = [before] { return before(0.05, 0); };
    const Pose way[] = {pre(), front(), before(0, 0)};
    const size_t next = NextWaypoint(arm.hand(), way);
    if (next == 0) {
      co_await Travel(arm, pre, {.max_steps = 80, .grip = kClosed}, nullptr, {});
      co_await arm.Go(pre, {.tolerance = 0.02, .angle = 0.15, .max_steps = 40, .grip = kClosed});
    }
    if (next <= 1) {
      co_await arm.Go(front, {.tolerance = 0.012, .angle = 0.15, .max_steps = 30, .grip = kClosed});
    }
    const Pose start = arm.hand();
    const Pose end{start.p + 0.30 * into, R};
    Arm::Goal push = [end] { return end; };
    const Motion motion{.max_steps = 60, .grip = kClosed, .gain = 2};
    co_await arm.Go(push, motion, shut);
    co_await Retreat(arm, -into, 0.08, kClosed);
  }
  co_return shut();
}

Script TurnKnob(Arm& arm, const ExpertTables& tables, const Item& fixture, bool on) {
  const World& world = arm.world();
  const Knob& knob = Require(tables.knobs, fixture.category, "knob");
  const std::string joint = fixture.joints.at(0);
  const Pose root = world.PoseOf(fixture);
  const double sign = on ? 1 : -1;
  const auto q = [&world, &joint] { return world.Joint(joint); };
  const double start = q();
  // the finger's pose beside the bar turned to `angle`, `off` away from touching it
  const auto beside = [&knob, root, on, start](double angle, double off, double above,
                                               double ahead) {
    const Matrix3d bar = root.R * TurnZ(angle);
    const Matrix3d hand = TurnZ(ahead) * HandDown(0);
    const Vector3d push = bar.col(1);
    const double thick =
        0.0225 * std::abs(push.dot(hand.col(0))) + 0.0095 * std::abs(push.dot(hand.col(1)));
    const double radius = on ? knob.on_radius : knob.off_radius;
    Vector3d p =
        root.p + bar * Vector3d(radius, knob.bar_y, 0) - push * (knob.bar_half + thick + off);
    p.z() = root.p.z() + knob.height + kTip + above;
    return Pose{p, hand};
  };
  const auto turned = [q, on] { return on ? q() > kKnobOn : q() < -0.002; };
  for (int attempt = 0; attempt < 3 && !turned(); ++attempt) {
    const Pose way[] = {beside(q(), 0.012, 0.06, 0), beside(q(), 0.010, 0, 0),
                        beside(q(), -0.005, 0, 0)};
    // the hand turns with the knob
    const size_t next = NextWaypoint(arm.hand(), way, kKnobOn);
    // where a turn is taken up in its middle, it began at the stop
    const double begin = next == 2 && on ? std::min(q(), 0.0) : q();
    const Pose pre_pose = way[0], down_pose = way[1];
    Arm::Goal pre = [pre_pose] { return pre_pose; };
    Arm::Goal down = [down_pose] { return down_pose; };
    if (next == 0) {
      co_await Travel(arm, pre, {.max_steps = 80, .grip = kClosed}, nullptr, {});
      co_await arm.Go(pre, {.tolerance = 0.006, .max_steps = 50, .grip = kClosed});
    }
    if (next <= 1) co_await arm.Go(down, {.speed = 0.7, .max_steps = 40, .grip = kClosed});
    Arm::Goal turn = [beside, q, sign, begin] {
      return beside(q() + 0.3 * sign, -0.02, 0, q() - begin + 0.4 * sign);
    };
    const Motion motion{
        .max_steps = 70, .grip = kClosed, .gain = 2, .turn_gain = 1.5, .give_up = false};
    co_await arm.Go(turn, motion, turned);
    // against its stop the knob would spring back: the finger stays until it is at rest
    Arm::Goal stay = [beside, q, begin] { return beside(q(), -0.004, 0, q() - begin); };
    if (!on) {
      co_await arm.Go(
          stay, {.speed = 0.3, .tolerance = 0, .max_steps = 12, .grip = kClosed, .give_up = false});
    }
    co_await Retreat(arm, Vector3d::UnitZ(), 0.10, kClosed);
  }
  co_return turned();
}

Script OpenDoor(Arm& arm, const ExpertTables& tables, const Item& fixture) {
  const DoorFrame frame(arm.world(), tables, fixture);
  const Door& door = frame.door;
  const auto open = [&frame] { return frame.q() < kDoorOpen; };
  for (int attempt = 0; attempt < 3 && !open(); ++attempt) {
    const double begin = frame.q();
    const Matrix3d R = HandAlong(frame.Along(begin));
    const auto over = [&frame, &door, begin, R](double out, double above) {
      const Vector2d handle = door.handle - Vector2d(0, out);
      return Pose{frame.At(begin, handle, door.grip_height + above), R};
    };
    Arm::Goal pre = [over] { return over(0.010, 0.06); };
    Arm::Goal grasp = [over] { return over(0, 0); };
    co_await Travel(arm, pre, {.max_steps = 80}, nullptr, {});
    co_await arm.Go(pre, {.max_steps = 40});
    co_await arm.Go(grasp, {.speed = 0.6, .tolerance = 0.006, .max_steps = 40});
    co_await arm.Close();
    Arm::Goal arc = [&frame, &door, begin, R] {
      const double q = frame.q();
      return Pose{frame.At(q - 0.22, door.handle, door.grip_height), TurnZ(q - begin - 0.11) * R};
    };
    const Motion motion{
        .speed = 0.8, .max_steps = 90, .grip = kClosed, .gain = 2, .turn_gain = 1.5};
    co_await arm.Go(arc, motion, open);
    co_await arm.Release();
    co_await Retreat(arm, Vector3d::UnitZ(), 0.10, kOpen);
  }
  co_return open();
}

Script CloseDoor(Arm& arm, const ExpertTables& tables, const Item& fixture) {
  const DoorFrame frame(arm.world(), tables, fixture);
  const Door& door = frame.door;
  const auto shut = [&frame] { return frame.q() > kDoorShut; };
  for (int attempt = 0; attempt < 3 && !shut(); ++attempt) {
    const auto outside = [&frame, &door](double ahead, double out, double above) {
      const Vector2d point(door.push_radius, out);
      return Pose{frame.At(frame.q() + ahead, point, door.push_height + above), HandDown(0)};
    };
    Arm::Goal pre = [outside, &door] { return outside(0, door.outer - 0.11, 0.06); };
    Arm::Goal front = [outside, &door] { return outside(0, door.outer - 0.09, 0); };
    Arm::Goal push = [outside] { return outside(0.25, 0, 0); };
    const Pose way[] = {pre(), front(), outside(0, door.outer, 0)};
    const size_t next = NextWaypoint(arm.hand(), way);
    if (next == 0) {
      co_await Travel(arm, pre, {.max_steps = 80, .grip = kClosed}, nullptr, {});
      co_await arm.Go(pre, {.tolerance = 0.02, .max_steps = 40, .grip = kClosed});
    }
    if (next <= 1) co_await arm.Go(front, {.tolerance = 0.02, .max_steps = 30, .grip = kClosed});
    const Motion motion{.max_steps = 90, .grip = kClosed, .gain = 2};
    co_await arm.Go(push, motion, shut);
    co_await Retreat(arm, Vector3d::UnitZ(), 0.10, kClosed);
  }
  co_return shut();
}

Script WidenDoor(Arm& arm, const ExpertTables& tables, const Item& fixture) {
  const DoorFrame frame(arm.world(), tables, fixture);
  const Door& door = frame.door;
  const auto wide = [&frame] { return frame.q() < kDoorWide; };
  if (wide()) co_return true;
  const auto inside = [&frame, &door](double ahead, double in, double above) {
    return Pose{frame.At(frame.q() + ahead, {0.15, in}, door.push_height + above), HandDown(0)};
  };
  Arm::Goal pre = [inside] { return inside(0, 0.10, 0.12); };
  Arm::Goal beside = [inside] { return inside(0, 0.09, 0); };
  Arm::Goal push = [inside] { return inside(-0.25, 0, 0); };
  co_await Travel(arm, pre, {.max_steps = 80, .grip = kClosed}, nullptr, {});
  co_await arm.Go(beside, {.tolerance = 0.02, .max_steps = 40, .grip = kClosed});
  co_await arm.Go(push, {.speed = 0.6, .max_steps = 60, .grip = kClosed, .gain = 2}, wide);
  co_await Retreat(arm, Vector3d::UnitZ(), 0.14, kClosed);
  co_return wide();
}

bool IsOpen(const World& world, const ExpertTables& tables, const Region& region) {
  if (region.item == nullptr) return true;
  const std::string& category = region.item->category;
  if (tables.doors.contains(category)) {
    return world.Joint(region.item->joints.at(0)) < kDoorOpen + 0.05;
  }
  if (tables.drawers.contains(category) && !region.joints.empty()) {
    return world.Joint(region.joints.at(0)) < kUsable;
  }
  return true;
}

}  // namespace vega
