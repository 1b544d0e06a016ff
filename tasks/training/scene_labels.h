// What a picture of a demonstration shows, from the simulator's truth: which category is where,
// which object is to be acted on next and where it must go. Targets for training, never inputs.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/egl_renderer.h"
#include "tasks/environment.h"
#include "tasks/expert/next_step.h"

namespace vega {

// Bits of a cell of the roles map.
enum Role : uint8_t {
  kActedOn = 1,  // shows what the next step moves, opens, closes or turns
  kGoesTo = 2,   // shows where it must go; of a part that is opened or turned, the part itself
};

// (side x side) each, row by row from the top, one entry a cell of kLabelCell x kLabelCell pixels.
struct LabelMaps {
  std::vector<uint8_t> segmentation;  // index into the categories, of most of the cell's pixels
  std::vector<uint8_t> roles;         // Roles that at least a quarter of the cell's pixels have
};

// Positions, m, in the robot's base frame: of what is acted on, of where it must go, of the end
// effector. NaN where there is none.
using LabelPoints = std::array<float, 9>;

// Labels an environment's scene as it was at the last Look. What is next is the expert planner's
// first step for the goals that do not hold; once all hold, nothing is.
class SceneLabels {
 public:
  // `environment` must outlive it. Throws Error for a task without a BDDL problem.
  SceneLabels(const Environment& environment, std::shared_ptr<const ExpertTables> tables,
              const std::vector<std::string>& categories);

  void Look() { act_ = NextAct(); }
  LabelPoints Points() const;
  // Of what `camera` sees in a picture of size x size pixels.
  LabelMaps Maps(EglRenderer& renderer, const std::string& camera, int size) const;

 private:
  // An object, a moving part of a fixture or a region.
  struct Thing {
    std::vector<int> geoms;          // those it shows by; of a region, its owner's
    const Region* region = nullptr;  // shows only where its box is
    std::array<double, 3> position;  // m, world
  };
  struct Act {
    Thing subject, target;
  };
  std::optional<Act> NextAct() const;
  Thing Whole(const Item& item) const;
  Thing Part(const std::vector<std::string>& joints, const Item& owner) const;
  Thing Place(const Region& region) const;
  // (size x size) whether a pixel shows the thing; `shown` is the geom of each
  std::vector<bool> Shown(const Thing& thing, const std::vector<int>& shown,
                          const std::string& camera, int size) const;

  const Environment& environment_;
  std::shared_ptr<const ExpertTables> tables_;
  World world_;
  std::vector<uint8_t> category_;  // (ngeom) index into the categories
  std::optional<Act> act_;         // nothing once every goal holds
};

}  // namespace vega
