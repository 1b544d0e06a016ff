// LIBERO's six problem classes: their arena files, robot bases, tables and cameras.

#pragma once

#include <array>
#include <filesystem>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "tasks/bddl/bddl.h"
#include "tasks/scene/scene_composer.h"

namespace vega {

struct CameraPose {
  const char* name;
  std::array<double, 3> pos;   // m, world
  std::array<double, 4> quat;  // w,x,y,z, not normalised
};

// A table that robosuite's TableArena sizes and places. All its numbers derive from these.
struct TableShape {
  std::array<double, 3> size;      // m, full
  std::array<double, 3> friction;  // sliding, torsional, rolling
};

// One problem class (LIBERO's envs/problems and envs/arenas).
struct Arena {
  ArenaSpec spec;
  const char* scene;           // in the assets' scenes folder
  const char* floor;           // texture file of the floor
  const char* wall;            // texture file of the walls
  const char* region_mark;     // a region whose full name contains this belongs to the workspace
  const char* workspace_body;  // body its regions become sites of
  std::array<double, 3> region_offset{};  // m, added to a region's centre
  std::vector<TableShape> table;          // none or one
  bool mounted = false;                   // robot on a RethinkMount, else on nothing
  std::array<double, 3> robot_base{};     // m, world, bottom of the mount
  std::vector<CameraPose> cameras;        // in LIBERO's order; set or added
};

const std::vector<Arena>& AllArenas();
// Throws Error for an unknown problem class, naming the six.
const Arena& FindArenaDetails(const std::string& problem_name);

// The arena's document: textures by its style, table, cameras, and one site for each workspace
// region of the problem, which are appended to `sites`. Throws Error.
pugi::xml_document BuildArena(const Arena& arena, const BddlProblem& problem,
                              const std::filesystem::path& assets, std::vector<SceneSite>& sites);

}  // namespace vega
