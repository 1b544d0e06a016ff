// Suites from the data folder and LIBERO's own task map; languages and horizons by LIBERO's and its
// evaluators' rules.

#include "tasks/suite/libero_suites.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "sim/base/error.h"
#include "sim/base/nearest_names.h"
#include "sim/base/paths.h"
#include "tasks/bddl/bddl.h"
#include "tasks/generate/variation.h"
#include "tasks/suite/suite_task_map.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

constexpr int kLongestHorizon = 520;

// Evaluators' horizons (openvla-oft's run_libero_eval.py), chosen there a little above the longest
// demonstration.
struct BaseSuite {
  std::string_view name;
  int horizon;  // control steps
};
constexpr BaseSuite kBaseSuites[] = {{"libero_spatial", 220},
                                     {"libero_object", 280},
                                     {"libero_goal", 300},
                                     {"libero_10", kLongestHorizon},
                                     {"libero_90", 400}};

// A derived suite, e.g. libero_goal_swap, has its base's horizon; one without a base the longest.
int Horizon(std::string_view suite) {
  for (const BaseSuite& base : kBaseSuites) {
    if (suite == base.name || suite.starts_with(std::string(base.name) + "_")) return base.horizon;
  }
  return kLongestHorizon;
}

// LIBERO-PRO's perturbed instructions exist only in the BDDL files; their file names are the base
// suite's.
bool InstructionFromBddl(std::string_view suite) {
  return suite.ends_with("_lan") || suite.ends_with("_task");
}

// LIBERO's rule (libero/benchmark/__init__.py): an upper-case name loses everything up to its
// SCENE<number>_.
std::string InstructionFromName(std::string_view name) {
  size_t begin = 0;
  if (!name.empty() && std::isupper(static_cast<unsigned char>(name[0]))) {
    const size_t scene = name.find("SCENE");
    if (scene != name.npos) begin = std::min(name.find('_', scene), name.size() - 1) + 1;
  }
  std::string words(name.substr(begin));
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::vector<std::string> BddlNames(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".bddl") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

fs::path InitStatesFile(const fs::path& folder, const std::string& task) {
  for (const char* extension : {".pruned_init.npz", ".pruned_init"}) {
    const fs::path file = folder / (task + extension);
    if (fs::exists(file)) return file;
  }
  return {};
}

fs::path BddlFolder() {
  const fs::path folder = Data().libero / "bddl_files";
  if (!fs::is_directory(folder)) {
    throw Error("no LIBERO data at " + folder.string(),
                "run ./vega once to fetch it, or set VEGA_HOME");
  }
  return folder;
}

SuiteTaskMap OfficialTasks() {
  return LoadSuiteTaskMap(Data().libero / "benchmark" / "libero_suite_task_map.py");
}

// a folder of BDDL files anywhere
Suite SuiteOfFolder(const fs::path& folder) {
  Suite suite{.name = folder.string(), .horizon = kLongestHorizon};
  for (const std::string& task : BddlNames(folder)) {
    TaskEntry entry{.name = task, .bddl = folder / (task + ".bddl")};
    entry.instruction = LoadBddl(entry.bddl).language;
    const fs::path variation = VariationFile(entry.bddl);
    if (fs::exists(variation)) entry.variation = variation;
    suite.tasks.push_back(std::move(entry));
  }
  if (suite.tasks.empty()) {
    throw Error(folder.string() + " holds no .bddl file", "name a suite or a folder of BDDL files");
  }
  return suite;
}

[[noreturn]] void ThrowUnknownSuite(const std::string& name) {
  if (OfficialTasks().contains(name)) {
    throw Error("suite " + name + " is listed by LIBERO-PRO but its data is not published",
                "./vega suites lists the complete ones");
  }
  throw Error("unknown suite " + name, DidYouMean(name, SuiteNames()));
}

}  // namespace

std::vector<std::string> SuiteNames() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(BddlFolder())) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Suite LoadSuite(const std::string& name) {
  const std::vector<std::string> known = SuiteNames();
  if (!std::binary_search(known.begin(), known.end(), name)) {
    if (fs::is_directory(name)) return SuiteOfFolder(name);
    ThrowUnknownSuite(name);
  }

  const fs::path folder = BddlFolder() / name;
  const SuiteTaskMap official = OfficialTasks();
  const auto listed = official.find(name);
  const std::vector<std::string> tasks =
      listed != official.end() ? listed->second : BddlNames(folder);

  Suite suite{.name = name, .horizon = Horizon(name)};
  for (const std::string& task : tasks) {
    TaskEntry entry{.name = task, .bddl = folder / (task + ".bddl")};
    const bool from_bddl = InstructionFromBddl(name) && fs::exists(entry.bddl);
    entry.instruction = from_bddl ? LoadBddl(entry.bddl).language : InstructionFromName(task);
    entry.init_states = InitStatesFile(Data().libero / "init_files" / name, task);
    suite.tasks.push_back(std::move(entry));
  }
  return suite;
}

int FindTask(const Suite& suite, const std::string& task) {
  const int count = static_cast<int>(suite.tasks.size());
  int index = 0;
  const auto [end, error] = std::from_chars(task.data(), task.data() + task.size(), index);
  if (end == task.data() + task.size() && !task.empty()) {
    if (error == std::errc() && index >= 0 && index < count) return index;
    throw Error(fmt::format("suite {} has no task {}", suite.name, task),
                fmt::format("its tasks are 0 to {}", count - 1));
  }
  std::vector<std::string> names;
  for (const TaskEntry& entry : suite.tasks) names.push_back(entry.name);
  const auto found = std::find(names.begin(), names.end(), task);
  if (found != names.end()) return static_cast<int>(found - names.begin());
  throw Error(fmt::format("suite {} has no task \"{}\"", suite.name, task),
              DidYouMean(task, names, 1));
}

}  // namespace vega
