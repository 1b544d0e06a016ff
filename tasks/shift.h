// How far an episode is taken away from what a policy learnt from: its camera elsewhere, other
// light, things in other colours, the arm in another pose, noise in the pictures. The strength is the user's; the direction
// is drawn for each episode and is the same at every strength, so that success over strength is a
// curve.

#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "sim/image.h"
#include "sim/scene.h"

namespace vega {

struct Shift {
  double camera = 0;  // m and rad: fixed cameras are moved so far and turned so far
  double light = 0;   // share in [0,1): lights are brightened or dimmed by it, colours drift apart
  double colour = 0;  // share of things in [0,1] that are painted anew, see Recolour
  double robot = 0;   // rad: length of the change of the seven joint angles the arm starts with
  double noise = 0;   // standard deviation added to every colour of a pixel, 1 being white

  bool any() const { return camera > 0 || light > 0 || colour > 0 || robot > 0 || noise > 0; }
  bool operator==(const Shift&) const = default;
};

// "camera=0.05,light=0.3", in any order; empty: no shift. Throws Error naming the part that is
// wrong.
Shift ParseShift(const std::string& text);
// The same the other way; only what is not 0.
std::string ToText(const Shift& shift);

// The chance of an episode's shift: streams of `seed` whose names begin with `episode`.
struct ShiftKey {
  uint64_t seed = 0;
  std::string episode;  // e.g. "libero_goal/open_the_drawer/3"
};

// Moves cameras, changes lights and colours and moves the arm of a scene that has just been reset. The controller takes the arm's
// new pose for the one of the reset; joints stay within their ranges.
void ApplyShift(const Shift& shift, const ShiftKey& key, Scene& scene);
// Adds the shift's noise to what `camera` sees at the simulated time `time`, s.
void AddNoise(const Shift& shift, const ShiftKey& key, const std::string& camera, double time,
              Image& picture);

}  // namespace vega
