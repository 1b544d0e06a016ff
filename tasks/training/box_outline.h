// Where a box in the world lies in a camera's picture.

#pragma once

#include <mujoco/mujoco.h>

#include <vector>

#include "sim/camera.h"
#include "tasks/expert/pose.h"

namespace vega {

// (size x size) row by row from the top: whether a pixel's middle lies within the outline of a box
// of half size `half`, m, seen by a camera of the model. What is in front of the box hides nothing.
// Empty (all false) where a corner of the box lies behind the camera.
std::vector<bool> BoxOutline(const mjData& data, const CameraSpec& camera, const Pose& box,
                             const Vector3d& half, int size);

}  // namespace vega
