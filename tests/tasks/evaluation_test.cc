#include "tasks/evaluation/evaluation.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "policies/random_policy.h"
#include "sim/base/error.h"
#include "tests/tasks/fake_task.h"

namespace vega {
namespace {

using Catch::Contains;

std::vector<EpisodeJob> Jobs(int tasks, int episodes) {
  std::vector<EpisodeJob> jobs;
  for (int task = 0; task < tasks; ++task) {
    for (int episode = 0; episode < episodes; ++episode) {
      jobs.push_back({FakeTask(task, 1).info(), episode});
    }
  }
  return jobs;
}

using Hashes = std::map<std::pair<int, int>, uint64_t>;  // by task and episode

struct Outcomes {
  std::vector<EpisodeRecord> records;
  bool whole = false;
  int loads = 0;

  Hashes hashes() const {
    Hashes hashes;
    for (const EpisodeRecord& r : records) hashes[{r.task, r.episode}] = r.state_hash;
    return hashes;
  }
};

EvaluationSources Sources(Outcomes& outcomes, std::mutex& mutex) {
  EvaluationSources sources;
  sources.load_task = [&](int task) {
    const std::lock_guard lock(mutex);
    ++outcomes.loads;
    return std::make_shared<FakeTask>(task, 100);
  };
  sources.make_policy = [] { return std::make_unique<RandomPolicy>(); };
  sources.done = [&](const EpisodeRecord& record) { outcomes.records.push_back(record); };
  return sources;
}

Outcomes Run(const std::vector<EpisodeJob>& jobs, const EvaluationOptions& options) {
  Outcomes outcomes;
  std::mutex mutex;
  std::atomic<bool> stop = false;
  outcomes.whole = Evaluate(jobs, options, Sources(outcomes, mutex), stop);
  return outcomes;
}

TEST_CASE("the number of workers changes no outcome and no final state") {
  const auto jobs = Jobs(2, 4);
  const Outcomes one = Run(jobs, {.workers = 1, .max_steps = 12});
  const Outcomes again = Run(jobs, {.workers = 1, .max_steps = 12});
  const Outcomes three = Run(jobs, {.workers = 3, .max_steps = 12});
  REQUIRE(one.whole);
  REQUIRE(one.records.size() == 8);
  CHECK(one.hashes() == again.hashes());
  CHECK(one.hashes() == three.hashes());
  CHECK(one.loads == 2);
  CHECK(three.loads == 2);
  // and the episodes are different ones
  std::set<uint64_t> distinct;
  for (const auto& [key, hash] : one.hashes()) distinct.insert(hash);
  CHECK(distinct.size() == 8);
}

TEST_CASE("an episode uses its own reset whichever episodes run") {
  const Outcomes whole = Run(Jobs(1, 4), {.workers = 1, .max_steps = 5});
  // a resumed run that lacks only the last
  const Outcomes last = Run({Jobs(1, 4).back()}, {.workers = 1, .max_steps = 5});
  CHECK(last.hashes().at({0, 3}) == whole.hashes().at({0, 3}));
}

TEST_CASE("episodes beyond the initial states start over with new resets") {
  const Outcomes run = Run(Jobs(1, 4), {.workers = 1, .max_steps = 5});
  REQUIRE(run.records.size() == 4);
  CHECK(run.records[3].init == 0);
  CHECK(run.records[3].state_hash != run.records[0].state_hash);
}

TEST_CASE("another seed gives other episodes") {
  CHECK(Run(Jobs(1, 1), {.workers = 1, .seed = 1, .max_steps = 5}).hashes() !=
        Run(Jobs(1, 1), {.workers = 1, .seed = 2, .max_steps = 5}).hashes());
}

TEST_CASE("a task that cannot be loaded is an error in each of its episodes, and the run goes on") {
  Outcomes outcomes;
  std::mutex mutex;
  EvaluationSources sources = Sources(outcomes, mutex);
  sources.load_task = [](int task) -> std::shared_ptr<const Task> {
    if (task == 0) throw Error("cup.xml is missing");
    return std::make_shared<FakeTask>(task, 100);
  };
  std::atomic<bool> stop = false;
  CHECK(Evaluate(Jobs(2, 2), {.workers = 1, .max_steps = 3}, sources, stop));
  REQUIRE(outcomes.records.size() == 4);
  CHECK(outcomes.records[1].outcome == Outcome::kError);
  CHECK_THAT(outcomes.records[1].error, Contains("cup.xml is missing"));
  CHECK(outcomes.records[1].task_name == "fake_task_0");
  CHECK(outcomes.records[3].outcome == Outcome::kFailure);
}

TEST_CASE("a result that cannot be written ends the run with that error") {
  Outcomes outcomes;
  std::mutex mutex;
  EvaluationSources sources = Sources(outcomes, mutex);
  sources.done = [](const EpisodeRecord&) { throw Error("disk full"); };
  std::atomic<bool> stop = false;
  CHECK_THROWS_WITH(Evaluate(Jobs(1, 5), {.workers = 2, .max_steps = 3}, sources, stop),
                    "disk full");
}

TEST_CASE("a run that is stopped reports only finished episodes") {
  Outcomes outcomes;
  std::mutex mutex;
  std::atomic<bool> stop = false;
  EvaluationSources sources = Sources(outcomes, mutex);
  sources.done = [&](const EpisodeRecord& record) {
    outcomes.records.push_back(record);
    stop = outcomes.records.size() == 2;
  };
  CHECK_FALSE(Evaluate(Jobs(1, 5), {.workers = 1, .max_steps = 3}, sources, stop));
  CHECK(outcomes.records.size() == 2);
}

// A policy whose first call in the run hangs until told otherwise, or spoils the simulation.
std::unique_ptr<Policy> MakeTroublesome(std::atomic<int>& calls,
                                        const std::function<void()>& hang) {
  PolicyContract contract;
  contract.privileged = true;
  return std::make_unique<FakePolicy>(contract, [&calls, hang](const PolicyInput& input) {
    if (calls++ == 0) {
      if (hang) {
        hang();
      } else {
        const_cast<Scene*>(input.scene)->mutable_data().qvel[0] = std::nan("");
      }
    }
    return std::vector<Action>{kNoOp};
  });
}

TEST_CASE("a worker that hangs is given up, its episode an error, and a fresh one goes on") {
  struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false, passed = false;
  };
  const auto gate = std::make_shared<Gate>();
  Outcomes outcomes;
  std::mutex mutex;
  std::atomic<int> calls = 0;
  std::atomic<bool> stop = false;
  EvaluationSources sources = Sources(outcomes, mutex);
  sources.make_policy = [&calls, gate] {
    return MakeTroublesome(calls, [gate] {
      std::unique_lock lock(gate->mutex);
      gate->changed.wait(lock, [&] { return gate->open; });
      gate->passed = true;
      gate->changed.notify_all();
    });
  };
  const int workers = GENERATE(1, 2);
  const EvaluationEnd end =
      Evaluate(Jobs(1, 4), {.workers = workers, .max_steps = 3, .patience = 2}, sources, stop);
  CHECK(end.whole);
  CHECK(end.given_up == 1);
  CHECK(outcomes.records.size() == 4);
  int errors = 0;
  for (const EpisodeRecord& record : outcomes.records) {
    if (record.outcome != Outcome::kError) continue;
    ++errors;
    CHECK_THAT(record.error, Contains("stopped answering for 2 s"));
  }
  CHECK(errors == 1);
  // the thread that was left behind wakes and harms nobody
  {
    std::unique_lock lock(gate->mutex);
    gate->open = true;
    gate->changed.notify_all();
    gate->changed.wait(lock, [&] { return gate->passed; });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(outcomes.records.size() == 4);
}

TEST_CASE("a run whose every worker hangs ends with an error instead of never") {
  Outcomes outcomes;
  std::mutex mutex;
  std::atomic<bool> stop = false;
  static std::atomic<bool> go_on = false;  // outlives the threads left behind
  EvaluationSources sources = Sources(outcomes, mutex);
  sources.make_policy = [] {
    return std::make_unique<FakePolicy>(PolicyContract{}, [](const PolicyInput&) {
      while (!go_on) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return std::vector<Action>{kNoOp};
    });
  };
  CHECK_THROWS_WITH(
      Evaluate(Jobs(1, 20), {.workers = 4, .max_steps = 3, .patience = 0.5}, sources, stop),
      Contains("8 workers stopped answering"));
  go_on = true;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

TEST_CASE("a simulation that turns NaN is an error in its episode, and the run goes on") {
  Outcomes outcomes;
  std::mutex mutex;
  std::atomic<int> calls = 0;
  std::atomic<bool> stop = false;
  EvaluationSources sources = Sources(outcomes, mutex);
  sources.make_policy = [&] { return MakeTroublesome(calls, {}); };
  const EvaluationEnd end = Evaluate(Jobs(1, 3), {.workers = 1, .max_steps = 3}, sources, stop);
  CHECK(end.whole);
  REQUIRE(outcomes.records.size() == 3);
  CHECK(outcomes.records[0].outcome == Outcome::kError);
  CHECK_THAT(outcomes.records[0].error, Contains("diverged"));
  CHECK(outcomes.records[1].outcome == Outcome::kFailure);
  CHECK(outcomes.records[2].outcome == Outcome::kFailure);
}

TEST_CASE("renderers are made only when there are cameras, one a worker") {
  Outcomes outcomes;
  std::mutex mutex;
  std::atomic<int> made = 0, told = 0;
  std::atomic<bool> stop = false;
  EvaluationSources sources = Sources(outcomes, mutex);
  sources.make_renderer = [&](int workers) {
    told += workers;
    ++made;
    return std::make_unique<FakeRenderer>();
  };
  Evaluate(Jobs(1, 2), {.workers = 2, .max_steps = 3}, sources, stop);
  CHECK(made == 0);
  Evaluate(Jobs(1, 2), {.workers = 2, .max_steps = 3, .cameras = {"agentview"}, .image_size = 4},
           sources, stop);
  CHECK(made == 2);
  CHECK(told == 2 * 2);  // each hears of both
}

}  // namespace
}  // namespace vega
