// Generated problems on disk: each is drawn, tried by the expert, and kept only when it is solved
// and stays solved.
//
//   FOLDER/problems.jsonl              one line a problem, in the order they end
//   FOLDER/NAME.bddl                   a problem that was certified; the folder is a suite
//   FOLDER/NAME.variation.json         its camera, light and start of the robot
//   FOLDER/generate.json               what the folder was made with
//
// A problem is a function of the seed and its index, so neither the number of workers nor a kill in
// between changes the set.

#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "policies/policy.h"
#include "tasks/bddl/bddl.h"
#include "tasks/generate/problem_draw.h"

namespace vega {

struct GenerateOptions {
  std::filesystem::path folder;
  std::vector<std::string> suites;  // whose problems are varied; LIBERO's own
  DrawOptions draw;
  int count = 100;  // problems
  uint64_t seed = 0;
  int attempts = 4;  // draws a problem may take until one is certified
  int workers = 0;   // threads; 0: one a core
  std::function<std::unique_ptr<Policy>()> make_expert;
};

struct GeneratedProblem {
  int index = 0;
  std::string name;  // empty: none of the draws was certified
  std::string base, scene, instruction;
  int draws = 0;  // that were tried by the expert
  int steps = 0;  // the expert's
  double seconds = 0;
};

class Generator {
 public:
  // Starts or takes up a folder. Throws Error when it holds something else or was made with another
  // seed, other suites, places or sizes, or a suite is LIBERO-PRO's.
  explicit Generator(GenerateOptions options);

  // Makes the missing problems; `done` is called after each, one at a time. False when stopped.
  bool Run(const std::function<void(const GeneratedProblem&)>& done, const std::atomic<bool>& stop);
  const std::vector<GeneratedProblem>& problems() const { return problems_; }

 private:
  struct Base {
    std::string name;  // suite and task
    BddlProblem bddl;
  };

  void OpenFolder();
  GeneratedProblem Make(int index, const std::atomic<bool>& stop) const;
  bool Certify(const std::filesystem::path& bddl, GeneratedProblem& problem,
               const std::atomic<bool>& stop) const;
  void Append(const GeneratedProblem& problem);

  GenerateOptions options_;
  std::vector<Base> bases_;
  std::vector<GeneratedProblem> problems_;  // done
};

}  // namespace vega
