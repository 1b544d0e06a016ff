// vega suites: what there is to evaluate on.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apps/modes.h"
#include "tasks/bddl/bddl.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

struct SuiteRow {
  Suite suite;
  int with_init_states = 0;      // tasks
  std::set<std::string> scenes;  // problem classes
  std::filesystem::path folder;  // of the BDDL files
};

// "libero_kitchen_tabletop_manipulation" is "kitchen" to a reader
std::string ShortScene(std::string name) {
  for (const std::string_view part : {"libero_", "_manipulation", "_tabletop"}) {
    const size_t at = name.find(part);
    if (at != std::string::npos) name.erase(at, part.size());
  }
  return name;
}

SuiteRow Describe(const std::string& name) {
  SuiteRow row{.suite = LoadSuite(name)};
  for (const TaskEntry& task : row.suite.tasks) {
    row.with_init_states += !task.init_states.empty();
    row.folder = task.bddl.parent_path();
    try {
      row.scenes.insert(LoadBddl(task.bddl).problem_name);
    } catch (const std::exception& error) {
      // a file that cannot be read is shown, and its suite's others still count
      row.scenes.insert(std::string("unreadable: ") + error.what());
    }
  }
  return row;
}

nlohmann::ordered_json ToJson(const SuiteRow& row) {
  nlohmann::ordered_json tasks = nlohmann::ordered_json::array();
  for (const TaskEntry& task : row.suite.tasks) {
    tasks.push_back({{"name", task.name},
                     {"instruction", task.instruction},
                     {"bddl", task.bddl.string()},
                     {"init_states", task.init_states.string()}});
  }
  return {{"suite", row.suite.name},
          {"horizon", row.suite.horizon},
          {"scenes", row.scenes},
          {"folder", row.folder.string()},
          {"tasks", tasks}};
}

int Suites(bool json) {
  std::vector<SuiteRow> rows;
  for (const std::string& name : SuiteNames()) rows.push_back(Describe(name));
  if (json) {
    auto all = nlohmann::ordered_json::array();
    for (const SuiteRow& row : rows) all.push_back(ToJson(row));
    fmt::print("{}\n", all.dump(2));
    return 0;
  }
  size_t width = 5;
  for (const SuiteRow& row : rows) width = std::max(width, row.suite.name.size());
  fmt::print("{:<{}}  {:>5}  {:>11}  {:>7}  {:<26}  {}\n", "suite", width, "tasks", "init states",
             "horizon", "scenes", "data");
  size_t tasks = 0;
  for (const SuiteRow& row : rows) {
    tasks += row.suite.tasks.size();
    std::string scenes;
    for (const std::string& scene : row.scenes) {
      scenes += (scenes.empty() ? "" : ", ") + ShortScene(scene);
    }
    fmt::print("{:<{}}  {:>5}  {:>11}  {:>7}  {:<26}  {}\n", row.suite.name, width,
               row.suite.tasks.size(), row.with_init_states, row.suite.horizon, scenes,
               row.folder.string());
  }
  fmt::print("{} suites, {} tasks; init states: tasks that have them; horizon: control steps\n",
             rows.size(), tasks);
  return 0;
}

}  // namespace

std::function<int()> AddSuites(CLI::App& mode) {
  auto json = std::make_shared<bool>(false);
  mode.add_flag("--json", *json, "every task with its instruction and files, as JSON");
  return [json] { return Suites(*json); };
}

}  // namespace vega
