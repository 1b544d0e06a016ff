// vega suite verify: checks every task of a suite.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "apps/interrupt.h"
#include "apps/modes.h"
#include "apps/policies.h"
#include "sim/base/file.h"
#include "tasks/evaluation/task_list.h"
#include "tasks/evaluation/verify.h"
#include "tasks/suite/libero_suites.h"
#include "tasks/task.h"

namespace vega {
namespace {

struct SuiteOptions {
  std::string suite, tasks, out;
  int init = 0;
  int workers = 0;
  uint32_t seed = 0;
};

TaskFindings VerifyOne(const Suite& suite, int task, const VerifyOptions& options,
                       const std::atomic<bool>& stop) {
  try {
    return VerifyTask(LoadTask(suite, task), options, stop);
  } catch (const std::exception& error) {
    return {.task = task, .name = suite.tasks[task].name, .error = error.what()};
  }
}

int Verify(const SuiteOptions& o) {
  std::atomic<bool> stop = false;
  const Interrupt interrupt(stop);
  const Suite suite = LoadSuite(o.suite);
  const std::vector<int> tasks = ParseTaskList(o.tasks, suite);
  // fails before the work is done when it cannot be written
  std::optional<AtomicFile> file;
  if (!o.out.empty()) file.emplace(o.out);
  const VerifyOptions options{.expert = OpenAnyPolicy("expert").make,
                              .idle = OpenAnyPolicy("hold").make,
                              .random = OpenAnyPolicy("random").make,
                              .init = o.init,
                              .seed = o.seed};
  std::vector<TaskFindings> findings;
  std::mutex mutex;
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i; !stop && (i = next++) < tasks.size();) {
      TaskFindings one = VerifyOne(suite, tasks[i], options, stop);
      if (stop) return;
      const std::lock_guard lock(mutex);
      findings.push_back(std::move(one));
      fmt::print(stderr, "[{}/{}] {} task {}: {}\n", findings.size(), tasks.size(), suite.name,
                 findings.back().task, findings.back().sound() ? "sound" : "see below");
    }
  };
  const size_t wanted = o.workers > 0 ? o.workers : std::thread::hardware_concurrency();
  std::vector<std::thread> threads(
      std::clamp<size_t>(wanted, 1, std::max<size_t>(1, tasks.size())));
  for (std::thread& thread : threads) thread = std::thread(work);
  for (std::thread& thread : threads) thread.join();

  std::sort(findings.begin(), findings.end(),
            [](const TaskFindings& a, const TaskFindings& b) { return a.task < b.task; });
  fmt::print("{}", FindingsTable(findings));
  if (stop) {
    fmt::print(stderr, "vega suite: interrupted after {} of {} tasks\n", findings.size(),
               tasks.size());
    return kInterrupted;
  }
  if (file) {
    nlohmann::ordered_json json = {{"suite", suite.name}, {"init", o.init}, {"seed", o.seed}};
    for (const TaskFindings& one : findings) json["tasks"].push_back(ToJson(one));
    file->Write(json.dump(2) + "\n");
    file->Commit();
  }
  const bool sound = std::all_of(findings.begin(), findings.end(),
                                 [](const TaskFindings& one) { return one.sound(); });
  return sound ? 0 : 1;
}

}  // namespace

std::function<int()> AddSuite(CLI::App& mode) {
  auto o = std::make_shared<SuiteOptions>();
  mode.require_subcommand(1);
  CLI::App* verify = mode.add_subcommand(
      "verify",
      "Each task: its start fits, the goal is false there, the expert reaches it and it lasts, "
      "no-ops and random motions do not. Exit code 1 when a task is not sound.");
  verify->option_defaults()->always_capture_default();
  verify->add_option("--suite", o->suite, "suite name or folder, see vega suites")->required();
  verify->add_option("--tasks", o->tasks, "tasks as indices, ranges or names; default all");
  verify->add_option("--init", o->init, "initial state, counted from 0")
      ->check(CLI::Range(0, 100000));
  verify->add_option("--out", o->out, "JSON file of the findings");
  verify->add_option("--workers", o->workers, "threads; 0 = one a core")
      ->check(CLI::Range(0, 1024));
  verify->add_option("--seed", o->seed, "seed of resets and of chance");
  return [o] { return Verify(*o); };
}

}  // namespace vega
