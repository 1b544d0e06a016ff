// The modes of the one binary, and how a mode is added: write apps/NAME.cc with a function
// `std::function<int()> AddName(CLI::App& mode)`, declare it here, list it in kModes of main.cc.

#pragma once

#include <functional>

namespace CLI {
class App;
}  // namespace CLI

namespace vega {

// Declares a mode's flags on `mode` (its subcommand) and returns what runs once they are parsed:
// the result is the process's exit code, 0 only on success. What it runs may throw Error; main
// prints it as "vega NAME: what (hint)".
using AddMode = std::function<int()> (*)(CLI::App& mode);

std::function<int()> AddSuites(CLI::App& mode);
std::function<int()> AddSuite(CLI::App& mode);
std::function<int()> AddGenerate(CLI::App& mode);
std::function<int()> AddEval(CLI::App& mode);
std::function<int()> AddCompare(CLI::App& mode);
std::function<int()> AddReplay(CLI::App& mode);
std::function<int()> AddCollect(CLI::App& mode);
std::function<int()> AddDataset(CLI::App& mode);
std::function<int()> AddDescribe(CLI::App& mode);
std::function<int()> AddTrain(CLI::App& mode);
std::function<int()> AddAblate(CLI::App& mode);
std::function<int()> AddFeatures(CLI::App& mode);
std::function<int()> AddProbe(CLI::App& mode);
std::function<int()> AddBench(CLI::App& mode);
std::function<int()> AddDoctor(CLI::App& mode);
std::function<int()> AddView(CLI::App& mode);

}  // namespace vega
