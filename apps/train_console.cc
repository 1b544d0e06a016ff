#include "apps/train_console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <vector>

#include "apps/suite_run.h"
#include "policies/registry.h"
#include "tasks/evaluation/progress.h"
#include "tasks/evaluation/task_list.h"

namespace vega {

TrainConsole::TrainConsole(std::atomic<bool>& stop) : stop_(stop), terminal_(isatty(2) != 0) {}

void TrainConsole::Say(const std::string& line) {
  fmt::print(stderr, "{}{}\n", terminal_ ? "\r\033[K" : "", line);
  std::fflush(stderr);
}

void TrainConsole::Report(const TrainProgress& p) {
  if (p.stage != stage_) {
    stage_ = p.stage;
    began_ = Clock::now();
    begun_at_ = p.step;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
  std::string text =
      fmt::format("{} {}/{}  {:.1f} samples/s", p.name, p.step, p.steps, p.samples_per_s);
  if (p.step > begun_at_) {
    const double each = seconds / static_cast<double>(p.step - begun_at_);
    text += fmt::format("  ETA {}", FormatDuration(each * static_cast<double>(p.steps - p.step)));
  }
  for (const auto& [name, value] : p.scalars) text += fmt::format("  {} {:.4g}", name, value);
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r" : "", text, terminal_ ? "\033[K" : "\n");
  std::fflush(stderr);
}

std::map<std::string, double> TrainConsole::Evaluate(const std::filesystem::path& checkpoint,
                                                     const EvaluationPlan& plan) {
  std::map<std::string, double> rates;
  const PolicySource policy = OpenPolicy(checkpoint.string());
  for (const std::string& name : plan.suites) {
    const Suite suite = LoadSuite(name);
    const std::vector<EpisodeJob> jobs =
        EpisodeJobs(suite, ParseTaskList(plan.tasks, suite), plan.episodes);
    int successes = 0, played = 0;
    EvaluationSources sources = SourcesOf(suite, policy);
    sources.done = [&](const EpisodeRecord& record) {
      successes += record.outcome == Outcome::kSuccess;
      ++played;
    };
    const EvaluationOptions options{.cameras = policy.contract.cameras,
                                    .image_size = policy.contract.image_size};
    vega::Evaluate(jobs, options, sources, stop_);
    if (played < static_cast<int>(jobs.size())) break;  // interrupted
    rates["success/" + name] = static_cast<double>(successes) / played;
    Say(fmt::format("{}: {} of {} episodes solved", name, successes, played));
  }
  return rates;
}

void TrainConsole::End() {
  stage_ = -1;
  if (terminal_) fmt::print(stderr, "\n");
}

}  // namespace vega
