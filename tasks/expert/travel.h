// Getting from here to there over whatever stands between.

#pragma once

#include <span>

#include "tasks/expert/arm.h"

namespace vega {

// Up, across and down to the height of `above`, clear of what stands near the straight way. `held`
// hangs from the hand and may be null; ends early, false, when `lost` turns true.
Script Travel(Arm& arm, Arm::Goal above, Motion motion, const Item* held, Arm::Until lost);

// Away from here by `length` along `away`.
Script Retreat(Arm& arm, Vector3d away, double length, double grip);

// Of a hand that may be on a way already, within 2 cm of the line through its waypoints and turned
// by less than `angle` from the next of them: the index of that next one, from 1. 0: it is not.
size_t NextWaypoint(const Pose& hand, std::span<const Pose> way, double angle = 0.3);

// How crowded it is above a hand moved by `shift` that is to go up, with what it holds or null.
double Overhead(const World& world, const Pose& hand, const Item* held,
                const Vector3d& shift = Vector3d::Zero());
inline constexpr double kOverheadFree = 0.5;  // up to which it can
// m, where to go first so that the hand can then rise; zero where it can at once.
Vector3d AsideToRise(const World& world, const Pose& hand, const Item* held);

// The hand pointing down with its closing axis along `closing` (horizontal), at the turn of the
// wrist that stays furthest from its limits: at most 120 degrees to one side, 60 to the other.
Matrix3d HandAlong(const Vector3d& closing, double most = Radians(120));

}  // namespace vega
