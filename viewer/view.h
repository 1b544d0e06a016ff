// What `vega view` needs to know of the window: its options and how it is run.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policies/registry.h"
#include "sim/render_quality.h"

namespace vega {

class Task;
class Viewer;

// The policy as chosen on the command line or in the window.
struct PolicyChoice {
  std::string name;
  PolicyOptions options;
};

struct ViewerOptions {
  std::string suite = "libero_spatial";
  int task = 0;         // index in the suite
  int init = 0;         // initial state
  uint32_t seed = 0;    // of resets and of the policy
  bool paused = false;  // at the start
  double speed = 1;     // times real time at the start, > 0
  PolicyChoice policy{"hold", {}};
  std::optional<RenderQuality> quality;  // of the policy's pictures; empty: as it learnt
  std::filesystem::path run;             // a run folder to watch; or empty
  std::filesystem::path dataset;         // demonstrations to play back; or empty
  int episode = -1;           // of the run or the dataset; -1: none of the run, the dataset's first
  int width = 1280;           // screen units
  int height = 800;           // screen units
  int frames_per_second = 0;  // of the window at most; 0: the display's rate
  // Write this PNG after `frames` drawn frames and end; empty: run until the window is closed.
  std::filesystem::path screenshot;
  int frames = 60;
  // Actions to make as if by hand (viewer/script.h), then end; or empty.
  std::filesystem::path script;
  std::filesystem::path settings;          // file of ViewerSettings; empty: none
  std::filesystem::path recordings = ".";  // folder of screenshots, videos and demonstrations
};

// What the window cannot know by itself. Functions are called from other threads too.
struct ViewerSources {
  std::map<std::string, std::vector<std::string>> instructions;  // by suite, in its order
  std::function<std::shared_ptr<const Task>(const std::string& suite, int task)> load_task;
  std::function<PolicySource(const std::string& name, const PolicyOptions& options)> open_policy;
  std::vector<std::string> policies;  // names to choose from
  // If set: called after each frame, for tests.
  std::function<void(const Viewer&)> after_frame;
};

// Opens the window and runs until it is closed, or the screenshot or the script is done. Throws
// Error when there is no display, no such task, run, dataset or policy, or when one of those fails.
void RunViewer(const ViewerOptions& options, const ViewerSources& sources);

}  // namespace vega
