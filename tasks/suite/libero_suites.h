// The suites of LIBERO and LIBERO-PRO as the data wheel holds them: which tasks, in which order,
// with which files.

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace vega {

class Task;

struct TaskEntry {
  std::string name;         // file name without .bddl
  std::string instruction;  // language given to policies
  std::filesystem::path bddl;
  std::filesystem::path init_states;  // .npz or .pruned_init; empty when the wheel has none
  std::filesystem::path variation;    // of a generated problem, see Variation; empty for none
};

struct Suite {
  std::string name;
  int horizon = 0;               // control steps
  std::vector<TaskEntry> tasks;  // the suite's own order
};

// Every suite folder of the data, sorted by name. Throws Error when the data is missing.
std::vector<std::string> SuiteNames();
// `name` is one of SuiteNames() or a folder of BDDL files, such as generated ones; then the
// instructions are those of the files and every reset is drawn. Throws Error for an unknown suite,
// naming the nearest ones.
Suite LoadSuite(const std::string& name);
// `task` is an index or a task name. Throws Error, naming the range or the nearest names.
int FindTask(const Suite& suite, const std::string& task);
// Parses, composes and compiles. Throws Error.
std::shared_ptr<const Task> LoadTask(const Suite& suite, int index);

}  // namespace vega
