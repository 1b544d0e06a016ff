// Changing a model's lights.

#pragma once

#include <mujoco/mujoco.h>

#include <array>

#include "sim/base/random.h"

namespace vega {

// For ChangeLights: each channel drawn within 0.3 `strength` of 1.
std::array<double, 3> DrawTint(double strength, RandomStream& random);

// Multiplies the diffuse colour of every light by `brightness` and, channel by channel, by `tint`.
void ChangeLights(mjModel& model, double brightness, const std::array<double, 3>& tint);

}  // namespace vega
