// What vega probe spatial and grounding write and print.

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/probe/linear_probe.h"

namespace vega {

// {"towers": [{name, weights, grid, width, cells, ..., tokens: {...}, place: {...}, both: {...}}]};
// lengths in cm, "_error" the standard error of a mean over scenes.
nlohmann::ordered_json SpatialJson(const std::vector<ProbedTower>& towers,
                                   const std::vector<SpatialScore>& scores);
nlohmann::ordered_json GroundingJson(const std::vector<ProbedTower>& towers,
                                     const std::vector<GroundingScore>& scores);

// The same as tables, one line a tower.
std::string SpatialTable(const nlohmann::ordered_json& results);
std::string GroundingTable(const nlohmann::ordered_json& results);

}  // namespace vega
