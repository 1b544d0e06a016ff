// vega view: the window.

#include "viewer/view.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apps/modes.h"
#include "apps/policies.h"
#include "apps/render_flag.h"
#include "sim/base/error.h"
#include "sim/base/paths.h"
#include "tasks/suite/libero_suites.h"
#include "viewer/demonstrations.h"
#include "viewer/run_watch.h"

namespace vega {

namespace {

std::map<std::string, std::vector<std::string>> Instructions() {
  std::map<std::string, std::vector<std::string>> result;
  for (const std::string& name : SuiteNames()) {
    for (const TaskEntry& task : LoadSuite(name).tasks) result[name].push_back(task.instruction);
  }
  return result;
}

}  // namespace

std::function<int()> AddView(CLI::App& mode) {
  auto o = std::make_shared<ViewerOptions>();
  auto quality = std::make_shared<std::optional<RenderQuality>>();
  CLI::Option* suite = mode.add_option("--suite", o->suite, "suite (see vega suites)");
  auto task = std::make_shared<std::string>("0");
  CLI::Option* named = mode.add_option("--task", *task, "task index or name");
  mode.add_option("--init", o->init, "initial state")->check(CLI::NonNegativeNumber);
  mode.add_option("--policy", o->policy.name, "policy name or checkpoint folder");
  mode.add_option("--device", o->policy.options.device, "cpu or cuda")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  mode.add_option("--seed", o->seed, "seed of resets and policy");
  AddRenderQuality(mode, *quality, "what the policy learnt from");
  mode.add_flag("--paused", o->paused, "wait for Play");
  mode.add_option("--speed", o->speed, "times real time to begin with")->check(CLI::PositiveNumber);
  mode.add_option("--run", o->run, "run folder of vega eval to watch, finished or not");
  mode.add_option("--dataset", o->dataset, "HDF5 file of demonstrations to play back");
  mode.add_option(
          "--episode", o->episode,
          "episode to show, counted from 0: of --run as they ended, of --dataset its demo_N")
      ->check(CLI::NonNegativeNumber);
  mode.add_option("--width", o->width, "window width")->check(CLI::Range(320, 8192));
  mode.add_option("--height", o->height, "window height")->check(CLI::Range(240, 8192));
  mode.add_option("--fps", o->frames_per_second, "frames a second at most; 0 = the display's rate")
      ->check(CLI::Range(0, 1000));
  mode.add_option("--recordings", o->recordings,
                  "folder for screenshots, videos and demonstrations made in the window")
      ->check(CLI::ExistingDirectory);
  mode.add_option("--screenshot", o->screenshot, "write this PNG after --frames and end");
  mode.add_option("--frames", o->frames, "frames drawn before the screenshot")
      ->check(CLI::PositiveNumber);
  mode.add_option("--script", o->script,
                  "JSON list of actions to make as if by hand, then end (see docs/VIEWER.md)");
  return [o, quality, task, suite, named] {
    if (o->episode >= 0 && o->run.empty() && o->dataset.empty()) {
      throw Error("--episode needs --run or --dataset", "it counts their episodes");
    }
    o->quality = *quality;
    // what cannot be opened is better said before a window is
    if (!o->run.empty()) {
      RunWatch run;
      run.Open(o->run);
      // a run is watched beside a task of its own
      if (suite->empty()) o->suite = run.suite();
      if (suite->empty() && named->empty() && !run.tasks().empty()) {
        *task = std::to_string(run.tasks().front());
      }
    }
    if (!o->dataset.empty()) ReadEpisode(o->dataset, std::max(0, o->episode));
    o->task = FindTask(LoadSuite(o->suite), *task);
    o->settings = VegaHome() / "viewer.json";
    std::vector<std::string> names;
    for (const PolicyName& policy : AnyPolicyNames()) {
      // FOLDER and replay:FILE are kinds, not names
      if (policy.name.find_first_of("FV:") == std::string::npos) names.push_back(policy.name);
    }
    OpenAnyPolicy(o->policy.name, o->policy.options);
    RunViewer(*o, {.instructions = Instructions(),
                   .load_task = [](const std::string& suite,
                                   int index) { return LoadTask(LoadSuite(suite), index); },
                   .open_policy =
                       [](const std::string& name, const PolicyOptions& options) {
                         return OpenAnyPolicy(name, options);
                       },
                   .policies = names});
    return 0;
  };
}

}  // namespace vega
