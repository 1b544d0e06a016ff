// vega eval: runs a policy on a suite by the published protocol and leaves a run folder.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "apps/interrupt.h"
#include "apps/modes.h"
#include "apps/policies.h"
#include "apps/render_flag.h"
#include "apps/suite_run.h"
#include "tasks/evaluation/task_list.h"

namespace vega {
namespace {

int Report(const SuiteRunOptions& options, const SuiteRunEnd& end) {
  fmt::print("{}", Table(end.summary));
  fmt::print("report: {}\n", (end.folder / "report.html").string());
  if (!end.whole) {
    fmt::print(stderr, "vega eval: interrupted (continue with {} --out {} --resume)\n",
               Command(options), end.folder.string());
    return kInterrupted;
  }
  if (end.summary.total.errors > 0) {
    fmt::print(stderr, "vega eval: {} of {} episodes ended in an error (see {})\n",
               end.summary.total.errors, end.summary.total.n,
               (end.folder / "episodes.jsonl").string());
    return 1;
  }
  return 0;
}

int RunEval(const SuiteRunOptions& options) {
  // first, so that no thread of a policy is older than the blocked signals
  std::atomic<bool> stop = false;
  const Interrupt interrupt(stop);
  // what is wrong with the tasks is told before a policy is opened
  ParseTaskList(options.tasks, LoadSuite(options.suite));
  PolicySource policy = OpenAnyPolicy(
      options.policy,
      {.device = options.device, .stream = options.stream, .open_loop = options.open_loop});
  SuiteRun run(options, std::move(policy), stop);
  const SuiteRunEnd end = run.Run();
  const int code = Report(options, end);
  if (end.given_up > 0) {
    // destructors would wait for the threads that hang
    std::fflush(nullptr);
    std::_Exit(code);
  }
  return code;
}

}  // namespace

std::function<int()> AddEval(CLI::App& mode) {
  auto o = std::make_shared<SuiteRunOptions>();
  std::string policies;
  for (const PolicyName& policy : AnyPolicyNames()) {
    policies += fmt::format("\n{} = {}", policy.name, policy.description);
  }
  mode.add_option("--suite", o->suite, "suite name, see vega suites")->required();
  mode.add_option("--tasks", o->tasks,
                  "tasks as indices, ranges or names, e.g. 0,3-5; default all");
  mode.add_option("--episodes", o->episodes, "episodes a task")->check(CLI::Range(1, 1000000));
  mode.add_option("--policy", o->policy, "who chooses the actions:" + policies);
  mode.add_option("--workers", o->workers, "threads; 0 = one a core; results do not depend on it")
      ->check(CLI::Range(0, 1024));
  mode.add_option("--out", o->out, "new or empty run folder; default runs/TIME-SUITE-POLICY");
  mode.add_flag("--resume", o->resume, "continue the run in --out");
  mode.add_flag("--video", o->video, "write videos/*.mp4, 20 frames/s, cameras side by side");
  mode.add_option("--render", o->render, "video size in pixels; 0 = the policy's own, else 256")
      ->check(CLI::Range(0, 4096));
  AddRenderQuality(mode, o->render_quality, "what the policy learnt from, else exact");
  mode.add_option("--patience", o->patience,
                  "seconds a worker may take over one step before its episode is an error and a "
                  "fresh worker goes on; 0 = for ever")
      ->check(CLI::NonNegativeNumber);
  mode.add_option("--device", o->device, "where networks run")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  mode.add_option("--stream", o->stream,
                  "encode only what is new in a policy's clips: 0 changes no answer; with X frames "
                  "take over the latents of like ones, no 8x8 pixels differing by more than X "
                  "(pixels from -1 to 1)")
      ->check(CLI::NonNegativeNumber);
  mode.add_option("--open-loop", o->open_loop,
                  "actions of a chunk that are played before the policy looks again; 0 = as its "
                  "checkpoint says, else all")
      ->check(CLI::Range(0, 1000));
  mode.add_option("--seed", o->seed, "seed of resets and of the policy's chance");
  mode.add_option("--max-steps", o->max_steps,
                  "control steps (0.05 s) an episode; 0 = the suite's horizon")
      ->check(CLI::Range(0, 1000000));
  mode.add_option("--hold", o->hold_steps,
                  "after a success play on until the goal has held for this many steps without the "
                  "robot touching anything, and count it; 0 = stop at the success")
      ->check(CLI::Range(0, 1000));
  mode.add_option("--told", o->told,
                  "tell the policy to do this task of the suite, by index or name, wherever it is "
                  "placed; next = each time the one after; counts whether it did that");
  const auto shift = std::make_shared<std::string>();
  mode.add_option(
      "--shift", *shift,
      "take every episode away from what was learnt, e.g. camera=0.05,light=0.3: camera = metres "
      "and radians, light = share, colour = share of things painted anew, robot = radians of the "
      "arm's joints, noise = share of the pixels' range");
  mode.add_flag("--save-actions", o->save_actions,
                "write actions/*.safetensors, no-ops included, for vega replay");
  mode.add_flag("--exact", o->exact, "repeat robosuite's double forward pass in each sub-step");
  return [o, shift] {
    o->shift = ParseShift(*shift);
    return RunEval(*o);
  };
}

}  // namespace vega
