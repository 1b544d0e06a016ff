// Every object and fixture category of LIBERO and LIBERO-PRO: its file and how LIBERO samples and
// judges it.

#pragma once

#include <optional>
#include <string>
#include <vector>

namespace vega {

// One random rotation drawn at placement: uniform in [lo, hi] rad about `axis`.
struct RotationDraw {
  char axis;  // 'x', 'y' or 'z'
  double lo;  // rad
  double hi;  // rad
};

// Joint thresholds of an articulated category; a predicate that has no threshold is an Error to
// ask.
struct Articulation {
  // open when q < open_below (or q > open_above), closed when q > close_above (or q < close_below);
  // rad or m
  std::optional<double> open_below, open_above, close_above, close_below;
  // on when q >= turn_on_from, off when q < turn_off_below; rad
  std::optional<double> turn_on_from, turn_off_below;
  // joint value ranges drawn at reset for Open, Close, TurnOn, TurnOff init predicates; lo, hi
  std::optional<std::pair<double, double>> open_range, close_range, turn_on_range, turn_off_range;
};

struct ObjectCategory {
  std::string name;  // as in BDDL files
  std::string xml;   // relative to the assets folder
  std::vector<RotationDraw>
      rotations;                  // draws in order; more than one: composed by LIBERO's dict rule
  bool rotation_is_dict = false;  // several axes given as a dict: q = q_axis * q
  std::optional<Articulation> articulation;
  bool tracks_visual_state = false;  // the stove: burner shown while on
};

// Throws Error for an unknown category, naming the nearest ones.
const ObjectCategory& FindCategory(const std::string& name);
// All categories, sorted by name.
const std::vector<ObjectCategory>& AllCategories();

}  // namespace vega
