// vega compare: a paired test of two runs on the same episodes.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "apps/modes.h"
#include "sim/base/file.h"
#include "tasks/evaluation/comparison.h"

namespace vega {
namespace {

struct CompareFlags {
  std::string a, b, json;
  double alpha = 0.05;
};

int RunCompare(const CompareFlags& flags) {
  const Comparison comparison = Compare(ReadRuns(flags.a), ReadRuns(flags.b), flags.alpha);
  fmt::print("{}", Table(comparison));
  if (flags.json.empty()) return 0;
  AtomicFile file(flags.json);
  file.Write(ToJson(comparison).dump(2) + "\n");
  file.Commit();
  return 0;
}

}  // namespace

std::function<int()> AddCompare(CLI::App& mode) {
  auto o = std::make_shared<CompareFlags>();
  mode.add_option("A", o->a, "folder of a run, or of runs of several suites")->required();
  mode.add_option("B", o->b, "folder of the other")->required();
  mode.add_option("--json", o->json, "also write all figures to this file");
  mode.add_option("--alpha", o->alpha,
                  "chance of a wrong decision, of the sequential test, when both are equally good")
      ->check(CLI::Range(1e-6, 0.5));
  mode.footer(
      "Pairs are episodes of the same suite, task, initial state and seed. p: McNemar's exact\n"
      "test. A - B: Newcombe's paired interval. Decided: the evidence of the discordant pairs\n"
      "reached 1/alpha, which stays valid however often one looks while episodes come in.");
  return [o] { return RunCompare(*o); };
}

}  // namespace vega
