// Getting from here to there over whatever stands between.

#pragma once

#include "tasks/expert/arm.h"

namespace vega {

// Up, across and down to the height of `above`, clear of what stands near the straight way. `held`
// hangs from the hand and may be null; ends early, false, when `lost` turns true.
Script Travel(Arm& arm, Arm::Goal above, Motion motion, const Item* held, Arm::Until lost);

// Away from here by `length` along `away`.
Script Retreat(Arm& arm, Vector3d away, double length, double grip);

// The hand pointing down with its closing axis along `closing` (horizontal), at the turn of the
// wrist that stays furthest from its limits: at most 120 degrees to one side, 60 to the other.
Matrix3d HandAlong(const Vector3d& closing, double most = Radians(120));

}  // namespace vega
