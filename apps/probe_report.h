// What vega probe correspondence writes and prints: scores by scene and over all scenes.

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/probe/correspondence_probe.h"

namespace vega {

struct ProbedScene {
  std::string suite, task;
  std::vector<SceneScore> scores;  // one a tower
};

// {"towers": [{name, weights, grid, width, all: {...}, adjacent: {...}}], "scenes": [...]}. Over
// scenes, scores are means of the scenes' means and "score_std" their spread (ddof = 1); shares of
// matches are those of all matches together. null where nothing was seen.
nlohmann::ordered_json CorrespondenceJson(const std::vector<ProbedTower>& towers,
                                          const std::vector<ProbedScene>& scenes);

// The same as a table, one line a tower.
std::string CorrespondenceTable(const nlohmann::ordered_json& results);

}  // namespace vega
