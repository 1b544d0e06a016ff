// What all probes share: which scenes they look at, through which towers, and where results go.

#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/probe/probe_towers.h"
#include "sim/egl_renderer.h"
#include "tasks/scene_views.h"
#include "tasks/suite/libero_suites.h"

namespace CLI {
class App;
}  // namespace CLI

namespace vega {

struct ProbeScenes {
  std::string suite = "libero_90";
  std::string tasks;  // empty: `scenes` of them, spread over the suite
  int scenes = 20;
  std::string out;  // folder; empty: nothing is written
  uint64_t seed = 42;
  SceneViewOptions views = {.clip_length = 5};
  ProbeTowerOptions towers;
};

// Throws Error when a folder, or one above it, cannot be made.
void MakeFolders(const std::filesystem::path& folder);

// Adds the flags of scenes and towers; call the result once they are parsed.
std::function<void()> AddProbeFlags(CLI::App& mode, ProbeScenes& options);

// The task a scene was seen at.
struct ProbedTask {
  std::string suite, task;
};

// The tasks to look at, and the folder `out` made: what is wrong with either is said before models
// are opened. Throws Error, also where there are fewer than `least`.
struct ProbeTasks {
  Suite suite;
  std::vector<int> tasks;
};
ProbeTasks ChooseTasks(const ProbeScenes& options, int least);

// Draws each scene's views and hands them to `add` (name, scene, how many came before), with a line
// on stderr, until all are done or `stop` is set. Throws Error.
using AddScene = std::function<void(const std::string& name, SeenScene& scene, size_t index)>;
std::vector<ProbedTask> SeeScenes(const ProbeTasks& tasks, const SceneViewOptions& views,
                                  EglRenderer& renderer, const std::atomic<bool>& stop,
                                  const AddScene& add, bool& whole);

// What decides a probe's results, for its results.json.
nlohmann::ordered_json ProbeSettings(const std::string& probe, const ProbeScenes& options,
                                     const EglRenderer& renderer);

// Writes results.json into `out`, if that is given, and names it on stdout. Returns the exit code:
// 0, or 130 where the probe was interrupted, which is said.
int FinishProbe(const ProbeScenes& options, const nlohmann::ordered_json& results, size_t scenes,
                bool whole);

}  // namespace vega
