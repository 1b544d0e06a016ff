// The window of a test: tasks and policies of its own, and scripted hands.

#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "tests/tasks/fake_task.h"
#include "viewer/viewer.h"

namespace vega {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Sees two colours through two cameras and shows tokens of its own making.
class SeeingPolicy : public Policy {
 public:
  SeeingPolicy(std::vector<std::string>& heard, double gate) : heard_(heard), gate_(gate) {
    contract_.chunk_length = 4;
  }
  const PolicyContract& contract() const override { return contract_; }
  void Reset(const EpisodeKey&) override {}
  std::vector<Action> Act(const PolicyInput& input) override {
    heard_.push_back(input.instruction);
    Action action = kNoOp;
    action[0] = 0.3;
    return std::vector<Action>(4, action);
  }
  bool remembers() const override { return false; }

 private:
  PolicyContract contract_;
  std::vector<std::string>& heard_;
  double gate_;
};

// A folder of this test and the window over it.
class Hands {
 public:
  Hands() {
    char folder[] = "/tmp/vega-viewer-XXXXXX";
    folder_ = mkdtemp(folder);
    options.suite = "fake_suite";
    options.policy.name = "seeing";
    options.paused = true;
    options.width = 900;
    options.height = 560;
    options.recordings = folder_;
    sources.instructions = {{"fake_suite", {"push the box", "push the box again"}}};
    sources.load_task = [](const std::string&, int index) {
      return std::make_shared<FakeTask>(index, 1e9);
    };
    sources.open_policy = [this](const std::string& name, const PolicyOptions& options) {
      opened.push_back({name, options});
      if (name == "missing") throw Error("there is no such policy");
      return PolicySource{.name = name, .make = [this, options] {
                            return std::make_unique<SeeingPolicy>(heard,
                                                                  options.gate.value_or(0.5));
                          }};
    };
    sources.policies = {"seeing", "missing"};
  }
  ~Hands() { fs::remove_all(folder_); }

  // runs the script to its end; `look` is called after each frame
  void Run(const Json& script, const std::function<void(const Viewer&)>& look = {}) {
    options.script = folder_ / "script.json";
    std::ofstream(options.script) << script.dump();
    sources.after_frame = look;
    RunViewer(options, sources);
  }

  ViewerOptions options;
  ViewerSources sources;
  std::vector<std::string> heard;                             // instructions, by call
  std::vector<std::pair<std::string, PolicyOptions>> opened;  // policies
  const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

inline const Session& SessionOf(const Viewer& viewer, size_t lane = 0) {
  return *viewer.stage().lanes.at(lane).session;
}

}  // namespace vega
