// From a BDDL problem to one MJCF document, merged as robosuite merges arena, robot, objects and
// fixtures.

#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/base/paths.h"
#include "tasks/bddl/bddl.h"
#include "tasks/scene/object_catalog.h"

namespace vega {

// One of LIBERO's six problem classes.
struct ArenaSpec {
  std::string problem_name;                  // e.g. libero_tabletop_manipulation
  std::string workspace;                     // category of the workspace fixture, e.g. table
  std::array<double, 3> workspace_offset{};  // m, world
  double fixture_z_offset = 0;               // m, added to a sampled fixture's height
  bool boundary_shrink = false;  // movable objects keep their radius inside a region's border
};

// Throws Error for an unknown problem class, naming the six.
const ArenaSpec& FindArena(const std::string& problem_name);

// An object or fixture instance; its root body is name + "_main", a movable one's free joint name +
// "_joint0".
struct SceneObject {
  std::string name;
  const ObjectCategory* category = nullptr;
  bool fixture = false;
  double size = 1;  // of what its category has
  std::vector<std::string>
      contact_geoms;                // compiled names of its group-0 geoms, LIBERO's contact list
  std::vector<std::string> joints;  // compiled names of its own joints (without the free joint)
  double bottom_z = 0;              // m, bottom_site height, negative
  double top_z = 0;                 // m, top_site height
  double horizontal_radius = 0;     // m
};

// A region that predicates may name: a site of an object or fixture, or a workspace region.
struct SceneSite {
  std::string name;                   // compiled site name = name in predicates
  std::string parent;                 // instance that owns it; empty for a workspace region
  std::vector<std::string> joints;    // joints that Open/Close of this region read
  std::array<double, 3> half_size{};  // m
};

struct ComposedScene {
  std::string mjcf;  // complete document, absolute asset paths
  const ArenaSpec* arena = nullptr;
  std::vector<SceneObject> objects;  // BDDL :objects, then :fixtures without the workspace
  std::vector<SceneSite> sites;
};

// Throws Error naming the BDDL source line for unknown categories and regions, and the file for
// missing assets.
ComposedScene ComposeScene(const BddlProblem& problem, const DataPaths& data);

}  // namespace vega
