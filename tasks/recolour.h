// A scene in other colours.

#pragma once

#include <mujoco/mujoco.h>

#include "sim/base/random.h"

namespace vega {

// Gives things of a scene another colour, each with the chance `share` in [0,1]: objects, fixtures,
// table, walls and floor, never the robot. Half of them keep their texture and are tinted, the
// others lose material and texture for one colour all over. What a thing would get is drawn
// whatever the share, so that a larger one recolours the same things and more. Geoms that are
// invisible stay so.
//
// As shifts of appearance in LIBERO-Plus and domain randomisation (Tobin et al., 2017, section
// III-A) do; ranges are our own.
void Recolour(mjModel& model, double share, RandomStream& random);

}  // namespace vega
