// Where and how something may be put down: candidates with what each costs.

#pragma once

#include <string>
#include <vector>

#include "tasks/expert/tables.h"
#include "tasks/expert/world.h"

namespace vega {

// What something is put on or in: exactly one is set.
struct Target {
  const Item* item = nullptr;
  const Region* region = nullptr;
  int sharing = 1;  // how many things of the goal go there

  std::string category() const;  // of the owner; empty for a region of the workspace
  std::string part() const;      // the region's, or empty
  const Item* owner() const { return item ? item : region->item; }
};

struct PlaceOption {
  Pose item;            // of its root as it is let go
  Vector3d entry;       // unit, direction of the last approach
  double entry_length;  // m
  double early = 0;     // m, contacts further than this from the end of the approach are ignored
  double cost = 0;      // of the spot, without the hand
};

// Options for `item`, now turned as it is. `local` is where the hand grips it, in its root's frame.
std::vector<PlaceOption> PlaceOptions(const World& world, const PlaceSpec& spec, const Item& item,
                                      const Target& target, const Pose& local);

// What an option costs with the hand's pose at the release: crowding, reach and turn of the wrist.
double HandCost(const World& world, const Pose& hand, double opening, const Item* ignore);

// The direction into a fixture that opens to its front (-y of its root), horizontal.
Vector3d IntoOf(const World& world, const Item& fixture);

}  // namespace vega
