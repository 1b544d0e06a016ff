// What the window draws into a scene besides the scene.

#pragma once

#include <mujoco/mujoco.h>

#include "viewer/snapshot.h"

namespace vega {

// Where the goal wants things to be: boxes and discs, green once their predicate holds.
void AddGoalRegions(const Snapshot& snapshot, const mjData& data, mjvScene& scene);

// The policy's last answer as a path of the gripper from where it was asked: each action moves it
// by 0.05 m at most (robosuite OSC_POSE output_max). Played actions are pale; the ball is red where
// the gripper is to close, blue where it is to open.
void AddActionChunk(const Snapshot& snapshot, mjvScene& scene);

}  // namespace vega
