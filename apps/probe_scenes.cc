// Scenes spread over a suite, drawn one after the other.

#include "apps/probe_scenes.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <regex>
#include <set>

#include "apps/interrupt.h"
#include "apps/tower_flags.h"
#include "apps/version.h"
#include "policies/torch_module.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "tasks/evaluation/task_list.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

// "KITCHEN_SCENE1_open_the_drawer" is one of the tasks of KITCHEN_SCENE1
std::string SceneOf(const TaskEntry& task) {
  static const std::regex kScene("^(.*SCENE[0-9]+)_.*");
  std::smatch match;
  return std::regex_match(task.name, match, kScene) ? match[1].str() : task.name;
}

// `count` tasks spread over the suite, of as many different scenes as there are
std::vector<int> SpreadTasks(const Suite& suite, int count) {
  std::vector<int> order, repeated;
  std::set<std::string> seen;
  for (int i = 0; i < static_cast<int>(suite.tasks.size()); ++i) {
    (seen.insert(SceneOf(suite.tasks[i])).second ? order : repeated).push_back(i);
  }
  const int distinct = static_cast<int>(order.size());
  if (count <= distinct) {
    for (int i = 0; i < count; ++i) order[i] = order[int64_t{i} * distinct / count];
  } else {
    order.insert(order.end(), repeated.begin(), repeated.end());
  }
  if (count > static_cast<int>(order.size())) {
    throw Error(fmt::format("{} has {} tasks, not {}", suite.name, order.size(), count),
                "ask for fewer --scenes");
  }
  order.resize(count);
  return order;
}

}  // namespace

void MakeFolders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(fmt::format("cannot make {}: {}", folder.string(), error.message()));
}

std::function<void()> AddProbeFlags(CLI::App& mode, ProbeScenes& o) {
  mode.add_option("--suite", o.suite, "suite name, see vega suites");
  mode.add_option("--tasks", o.tasks, "tasks as indices, ranges or names; default: see --scenes");
  mode.add_option("--scenes", o.scenes,
                  "tasks spread over the suite, each in another scene if it can")
      ->check(CLI::Range(1, 1000));
  mode.add_option("--towers", o.towers.names,
                  "what is compared, with commas: an agent, wan_t2v, wan_vace, vae (=FOLDER for "
                  "their weights), semantic, pixels, random, and the controls random-init, "
                  "noise-only, shuffled-frames, each of --agent or :TOWER; default all of --agent")
      ->delimiter(',');
  mode.add_option("--agent", o.towers.agent, "vega-tiny or a checkpoint folder");
  mode.add_option("--views", o.views.views, "of each scene")->check(CLI::Range(2, 1000));
  mode.add_option("--clip", o.views.clip_length,
                  "frames a view's clip has, 1 + 4 n; towers of independent frames see the last")
      ->check(CLI::Range(1, 1001));
  mode.add_option("--render", o.views.size, "picture size in pixels")->check(CLI::Range(8, 4096));
  mode.add_option("--init", o.views.init, "initial state of each task")
      ->check(CLI::NonNegativeNumber);
  mode.add_option("--seed", o.seed, "seed of views and noise");
  mode.add_option("--out", o.out, "folder for results.json and what else there is");
  // of towers that are no agent's; which, and with what weights, --towers says
  const auto finish = AddTowerFlags(mode, o.towers.tower);
  for (const char* flag : {"--tower", "--weights"}) mode.remove_option(mode.get_option(flag));
  return [&o, finish] {
    finish();
    o.towers.device = o.towers.tower.device;
    o.views.seed = o.towers.seed = o.seed;
  };
}

ProbeTasks ChooseTasks(const ProbeScenes& options, int least) {
  ProbeTasks chosen{LoadSuite(options.suite), {}};
  chosen.tasks = options.tasks.empty() ? SpreadTasks(chosen.suite, options.scenes)
                                       : ParseTaskList(options.tasks, chosen.suite);
  if (static_cast<int>(chosen.tasks.size()) < least) {
    throw Error(
        fmt::format("the probe needs {} scenes or more, not {}", least, chosen.tasks.size()),
        "one to judge it, one to choose its ridge, the others to fit it");
  }
  if (!options.out.empty()) MakeFolders(options.out);
  return chosen;
}

std::vector<ProbedTask> SeeScenes(const ProbeTasks& chosen, const SceneViewOptions& views,
                                  EglRenderer& renderer, const std::atomic<bool>& stop,
                                  const AddScene& add, bool& whole) {
  const auto& [suite, tasks] = chosen;
  std::vector<ProbedTask> seen;
  for (const int index : tasks) {
    if (stop) break;
    const auto task = LoadTask(suite, index);
    SeenScene scene = SceneViews(task, views, renderer);
    const std::string name = fmt::format("{}/{}", suite.name, task->info().name);
    add(name, scene, seen.size());
    seen.push_back({suite.name, task->info().name});
    fmt::print(stderr, "[{}/{}] {}\n", seen.size(), tasks.size(), name);
  }
  whole = seen.size() == tasks.size();
  return seen;
}

nlohmann::ordered_json ProbeSettings(const std::string& probe, const ProbeScenes& o,
                                     const EglRenderer& renderer) {
  return {{"probe", probe},
          {"suite", o.suite},
          {"agent", o.towers.agent},
          {"views", o.views.views},
          {"size", o.views.size},
          {"clip", o.views.clip_length},
          {"init", o.views.init},
          {"seed", o.seed},
          {"device", o.towers.device},
          {"renderer", renderer.name()},
          {"torch", OpenTorchModule().torch_version},
          {"git_commit", GitCommit()}};
}

int FinishProbe(const ProbeScenes& options, const nlohmann::ordered_json& results, size_t scenes,
                bool whole) {
  if (!options.out.empty()) {
    AtomicFile file(fs::path(options.out) / "results.json");
    file.Write(results.dump(2) + "\n");
    file.Commit();
    fmt::print("{}\n", (fs::path(options.out) / "results.json").string());
  }
  if (whole) return 0;
  fmt::print(stderr, "vega probe: interrupted after {} scenes\n", scenes);
  return kInterrupted;
}

}  // namespace vega
