// LIBERO's goal predicates over mjData, with every quirk of the published code, resolved to ids at
// load.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/model.h"
#include "tasks/bddl/bddl.h"
#include "tasks/reset/numpy_linalg.h"
#include "tasks/scene/scene_composer.h"
#include "tasks/task.h"

namespace vega {

// Two groups of geoms that count as touching when any listed contact pairs them, without a distance
// or force threshold (robosuite/environments/base.py, check_contact). Only named collision geoms
// are in a group.
struct ContactPair {
  std::vector<uint8_t> groups;  // per geom: bit 0 in the first group, bit 1 in the second
  bool Touches(const mjData& data) const;
};

// On(a, b): b not above a, touching, centres within 0.03 m horizontally.
struct OnObject {
  int body_a, body_b;
  ContactPair contact;
};

// On(a, site): d = R (p_a - p_s) within the site's half-size h in x and y and in (h_z - 0.005, h_z
// + 0.10) in z, and a touches the site's owner, where there is one. R, not its transpose, as in
// LIBERO's SiteObject.under.
struct OnSite {
  int body_a, site;
  Vector3 half_size;  // m
  bool has_owner;
  ContactPair contact;
};

// In(a, site): p_a strictly inside p_s -+ |R h|, 0.01 m lower at the bottom (SiteObject.in_box).
struct InSite {
  int body_a, site;
  Vector3 half_size;  // m
};

// Open: some joint beyond its threshold. Close: all. TurnOn: some joint at or above. TurnOff: all
// below.
struct JointState {
  enum Kind { kOpen, kClose, kTurnOn, kTurnOff } kind;
  std::vector<int> qposadr;
  double threshold;  // rad or m
  bool above;  // the condition of one joint is q > threshold, else q < threshold; kTurnOn: q >=
               // threshold

  bool Holds(const mjData& data) const;
};

// Up(a): height of at least 1 m.
struct Up {
  int body_a;
};

struct Predicate {
  std::string text;  // e.g. "on(akita_black_bowl_1, plate_1)"
  std::variant<OnObject, OnSite, InSite, JointState, Up> test;

  // Reads data as it is: joint positions of now, poses and contacts of the last forward pass.
  bool Holds(const mjData& data) const;
  // The measured quantities against their thresholds, e.g. "dz 0.012 m, distance 0.004 of 0.03 m,
  // touching".
  std::string Measure(const mjData& data) const;
  // Where it wants something to be; nothing for joints and heights.
  std::optional<GoalRegion> Region() const;
};

// Resolves one predicate. Throws Error with the BDDL source line for what LIBERO cannot evaluate.
Predicate MakePredicate(const BddlPredicate& predicate, const std::string& source,
                        const ComposedScene& scene, const mjModel& model);

}  // namespace vega
