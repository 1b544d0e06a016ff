// How much room the hand has: what it would run into at a pose, how high it must travel, how far
// it reaches.

#pragma once

#include "tasks/expert/world.h"

namespace vega {

// Points of the hand and of what it holds that lie within other things, each geom counted up to one
// and a half; 0: free. `ignore` may be null.
double Crowding(const World& world, const Pose& hand, double opening, const Item* ignore);
// Likewise for an item moved by `shift` (world frame) as a whole.
double ItemCrowding(const World& world, const Item& item, const Pose& from, const Pose& to);

// m, the height above which nothing stands near the straight way between two points. `ignore` and
// `ignore2` may be null.
double TopAlong(const World& world, const Vector2d& from, const Vector2d& to, double margin,
                const Item* ignore);

// m, from the shoulder to the wrist with the hand at a pose. Up to 0.66 the arm is at ease, above
// 0.68 sluggish, at 0.72 straight.
double Reach(const World& world, const Pose& hand);
// A cost of reaching: 0 at ease.
double ReachCost(const World& world, const Pose& hand);
// m, the highest the hand may go at (x, y) without straightening the arm.
double HighestAt(const World& world, const Vector2d& at);

}  // namespace vega
