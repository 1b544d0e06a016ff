// A run as one self-contained HTML page.

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasks/evaluation/results.h"
#include "tasks/evaluation/summary.h"

namespace vega {

// The page: headline rate, the manifest's configuration, a row a task with its interval drawn as a
// bar, every error, the command to run it again. No scripts, nothing loaded from elsewhere;
// `videos` are file names under videos/.
std::string ReportHtml(const nlohmann::ordered_json& manifest, const Summary& summary,
                       const std::vector<EpisodeRecord>& records,
                       const std::vector<std::string>& videos);

}  // namespace vega
