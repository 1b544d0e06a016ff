// What a task's reset draws, in LIBERO's order, resolved to addresses of the compiled model.

#pragma once

#include <array>
#include <optional>
#include <vector>

#include "sim/model.h"
#include "tasks/bddl/bddl.h"
#include "tasks/scene/scene_composer.h"

namespace vega {

// A joint value drawn at reset: Open, Close, TurnOn or TurnOff in :init.
struct PropertyDraw {
  double lo = 0, hi = 0;     // rad or m
  std::vector<int> qposadr;  // every joint that takes the value
};

// Where one object or fixture is drawn.
enum class SpotKind {
  kFixtureOnWorkspace,  // On FIXTURE REGION of the workspace
  kObjectOnWorkspace,   // On OBJECT REGION of the workspace
  kOnSite,              // On OBJECT REGION of another object or fixture
  kInSite,              // In OBJECT REGION of another object or fixture
  kOnObject,            // On OBJECT OTHER_OBJECT
};

struct SpotDraw {
  SpotKind kind = SpotKind::kObjectOnWorkspace;
  int body = -1;                               // root body of a fixture, or -1
  int qposadr = -1;                            // free joint of an object, or -1
  std::vector<std::array<double, 4>> ranges;   // x0 y0 x1 y1, m; one is chosen by chance
  double bottom_z = 0, top_z = 0, radius = 0;  // m, of the placed object
  std::vector<RotationDraw> rotations;
  bool rotation_is_dict = false;  // see ObjectCategory
  int reference = -1;             // index of an earlier spot: what it is placed on or in
  int site = -1;                  // site id of the region, for kOnSite and kInSite
  bool in_goal = false;           // the goal names the object, the fixture or a region of it
};

struct ResetPlan {
  std::array<double, 3> workspace_offset{};  // m, world
  double fixture_z_offset = 0;               // m
  std::vector<PropertyDraw> properties;      // :init order
  std::vector<SpotDraw> spots;  // workspace, then on sites, in sites, on objects; each :init order
};

// Resolves :init as LIBERO does (libero/envs/bddl_base_domain.py, _add_placement_initializer).
// Throws Error with the BDDL source line for what LIBERO cannot place: an unplaced reference, an
// object placed twice, a fixture on anything but the workspace, a joint state the category does not
// define.
ResetPlan MakeResetPlan(const BddlProblem& problem, const ComposedScene& scene,
                        const mjModel& model);

}  // namespace vega
