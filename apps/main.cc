// vega: one binary, modes as subcommands. Finds the mode, parses its flags, turns what it throws
// into one line.

#include <fmt/format.h>
#include <mujoco/mujoco.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iterator>
#include <string>
#include <vector>

#include "apps/modes.h"
#include "apps/version.h"
#include "sim/base/error.h"

namespace vega {
namespace {

struct Mode {
  const char* name;
  const char* description;
  AddMode add;
};

// every mode, in the order of --help
constexpr Mode kModes[] = {
    {"suites", "List every suite: tasks, scenes, where its data is.", AddSuites},
    {"suite", "Check that a suite's tasks are sound: vega suite verify.", AddSuite},
    {"generate", "Make new problems over LIBERO's scenes, each certified by the expert.",
     AddGenerate},
    {"eval", "Run a policy on a suite's tasks and measure its success rate.", AddEval},
    {"compare", "Compare two runs on the episodes both have: a paired test.", AddCompare},
    {"replay", "Play given actions from an initial state and record everything.", AddReplay},
    {"collect", "Write demonstrations as LIBERO/robomimic HDF5.", AddCollect},
    {"dataset", "Look at, check, replay, measure and convert demonstrations.", AddDataset},
    {"describe", "Write a task's compiled model as text.", AddDescribe},
    {"train", "Train a world model, a semantic encoder or a policy by a recipe.", AddTrain},
    {"ablate", "Train policies that differ in one thing each and compare them.", AddAblate},
    {"features", "Extract a tower's or the agent's features of a clip.", AddFeatures},
    {"probe", "Measure what frozen features know of space and things.", AddProbe},
    {"bench", "Measure and print one JSON line a figure.", AddBench},
    {"doctor", "Look at the renderer, the GPU, the versions and the data.", AddDoctor},
    {"view", "Open the window on a task and a policy.", AddView},
};

constexpr int kUsageError = 2;
constexpr int kFailure = 1;

int Fail(const std::string& mode, std::string what, int code) {
  // one line without terminal codes, whatever a library or a garbled file says
  std::replace_if(
      what.begin(), what.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  while (!what.empty() && what.back() == ' ') what.pop_back();
  fmt::print(stderr, "vega{}{}: {}\n", mode.empty() ? "" : " ", mode, what);
  return code;
}

std::string ModeNames() {
  std::string names;
  for (const Mode& mode : kModes) names += (names.empty() ? "" : ", ") + std::string(mode.name);
  return names;
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Robot manipulation on LIBERO, simulated natively, with the VEGA-3D agent in the loop.",
      "vega");
  app.set_version_flag("--version",
                       fmt::format("vega {}, MuJoCo {}", GitCommit(), mj_versionString()));
  app.option_defaults()->always_capture_default();
  app.get_formatter()->column_width(34);
  app.require_subcommand(0, 1);
  app.footer("vega MODE --help lists a mode's flags.");
  std::vector<CLI::App*> subcommands;
  std::vector<std::function<int()>> runs;
  for (const Mode& mode : kModes) {
    subcommands.push_back(app.add_subcommand(mode.name, mode.description));
    runs.push_back(mode.add(*subcommands.back()));
  }

  const std::string first = argc > 1 ? argv[1] : "";
  const bool known =
      std::any_of(std::begin(kModes), std::end(kModes), [&](auto& m) { return first == m.name; });
  if (!known && !first.empty() && first[0] != '-') {
    return Fail("", fmt::format("unknown mode '{}' (modes: {})", first, ModeNames()), kUsageError);
  }
  const std::string name = known ? first : "";
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return Fail(name,
                fmt::format("{} (vega {}{}--help lists the flags)", error.what(), name,
                            name.empty() ? "" : " "),
                kUsageError);
  }
  for (size_t i = 0; i < runs.size(); ++i) {
    if (!subcommands[i]->parsed()) continue;
    try {
      return runs[i]();
    } catch (const std::exception& error) {
      const std::string text = error.what();  // LibTorch's end with a stack trace
      return Fail(name, text.substr(0, text.find("\nException raised from")), kFailure);
    }
  }
  return Fail("", fmt::format("no mode given (modes: {}; vega --help)", ModeNames()), kUsageError);
}

}  // namespace
}  // namespace vega

int main(int argc, char** argv) { return vega::Main(argc, argv); }
