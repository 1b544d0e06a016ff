// Linear probes over scenes: how much of where things are, and of what they are, can be read off
// frozen tokens by one matrix. Needs no torch to include.
//
// Ridge regression from a cell's token, fitted on some scenes and judged on the others: scenes are
// dealt to folds in turn, each is judged by what was fitted without its fold, and the ridge is
// chosen on one more fold that is left out. Beside the tokens stand
//
//   place   nine polynomials of the cell's row and column: what the place in the picture gives away
//   both    tokens and place together: what tokens add to that
//   blind   the mean, or the most frequent category, of the other scenes

#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "agent/probe/probe_towers.h"
#include "sim/depth_view.h"

namespace vega {

struct LinearProbeOptions {
  ProbeTowerOptions towers;
  int folds = 5;  // >= 3; as many as there are scenes where those are fewer
};

struct LabelledScene {
  std::string name;  // keys the noise
  std::vector<ViewClip> clips;
  std::array<double, 3> base_position{};     // m, world: of the robot's base
  std::array<double, 9> base_rotation{};     // 3x3 row by row: its axes to world
  std::vector<std::string> geom_categories;  // by geom id
};

// Errors of what was read off; means over scenes, with the standard error of the mean.
struct SpatialFit {
  double depth_r2 = 0, depth_cm = 0, depth_cm_error = 0;           // along the optical axis
  double position_r2 = 0, position_cm = 0, position_cm_error = 0;  // in the robot's frame, distance
};

struct SpatialScore {
  int64_t cells = 0;  // that show something
  SpatialFit tokens, place, both;
  double depth_cm_blind = 0, position_cm_blind = 0;
};

struct GroundingFit {
  double accuracy = 0, accuracy_error = 0;  // of the category of a cell, mean over scenes
  double mean_ap = 0;  // average precision of finding a category's cells, mean over objects'
};

struct GroundingScore {
  int64_t cells = 0;       // that one category fills
  int64_t categories = 0;  // seen in scenes of two folds or more; other cells are left out
  int64_t objects = 0;     // of these, objects and fixtures: what mean_ap is over
  GroundingFit tokens, place, both;
  double accuracy_blind = 0;
  double mean_ap_blind = 0;  // share of all cells: what ranking them at random gives
};

class LinearProbe {
 public:
  virtual ~LinearProbe() = default;
  virtual std::vector<ProbedTower> towers() const = 0;
  // All clips have one length and all pictures one size. Throws Error.
  virtual void Add(const LabelledScene& scene) = 0;
  // One a tower. Throw Error for fewer than three scenes.
  virtual std::vector<SpatialScore> Spatial() const = 0;
  virtual std::vector<GroundingScore> Grounding() const = 0;
};

// Throws Error for an unknown tower or a model that cannot be opened.
std::unique_ptr<LinearProbe> OpenLinearProbe(const LinearProbeOptions& options);

}  // namespace vega
