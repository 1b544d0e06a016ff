// Changing a model's lights.

#pragma once

#include <mujoco/mujoco.h>

#include <array>

namespace vega {

// Multiplies the diffuse colour of every light by `brightness` and, channel by channel, by `tint`.
void ChangeLights(mjModel& model, double brightness, const std::array<double, 3>& tint);

}  // namespace vega
