#include "tasks/rollout.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <utility>

#include "sim/base/error.h"
#include "tests/tasks/fake_task.h"

namespace vega {
namespace {

using Catch::Contains;

constexpr double kStep = 0.05;  // s

std::shared_ptr<const Task> SolvedAt(double seconds) {
  return std::make_shared<FakeTask>(0, seconds);
}

std::vector<Action> Hold(int count) { return std::vector<Action>(count, kNoOp); }

struct Run {
  RolloutResult result;
  std::vector<int> calls;  // steps the policy was asked at
  std::vector<std::vector<Clip>> clips;
  int drawn = 0;
};

// a whole episode of a policy that answers `answer` actions a call
Run Play(const std::shared_ptr<const Task>& task, PolicyContract contract, int answer,
         RolloutOptions options = {}) {
  Run run;
  FakeRenderer renderer;
  Environment environment(task, {false, contract.cameras, contract.image_size}, &renderer);
  FakePolicy policy(contract, [&](const PolicyInput& input) {
    run.calls.push_back(input.step);
    run.clips.push_back(input.clips);
    return Hold(answer);
  });
  auto sampler = task->NewResetSampler();
  run.result = RunEpisode(environment, policy, std::move(options), {}, sampler->Sample(),
                          task->init_states()[0]);
  run.drawn = renderer.drawn;
  return run;
}

PolicyContract Looking(int length, int stride, int chunk) {
  return {{"agentview"}, 4, length, stride, chunk, false};
}

TEST_CASE("ten no-ops come first and are not counted") {
  // solved at the third step of the policy
  const Run run = Play(SolvedAt(13 * kStep), {}, 1);
  CHECK(run.result.outcome == Outcome::kSuccess);
  CHECK(run.result.steps == 3);
  CHECK(run.calls == std::vector<int>{0, 1, 2});
  CHECK(run.result.state_hash != 0);
}

TEST_CASE("success during the no-ops does not end the episode") {
  // the goal holds from the first no-op on, so the policy's first step is the first that counts
  const Run run = Play(SolvedAt(0), {}, 1);
  CHECK(run.result.outcome == Outcome::kSuccess);
  CHECK(run.result.steps == 1);
}

TEST_CASE("an episode fails at the horizon") {
  const Run run = Play(SolvedAt(100), {}, 1);
  CHECK(run.result.outcome == Outcome::kFailure);
  CHECK(run.result.steps == 40);
  CHECK(Play(SolvedAt(100), {}, 1, {.max_steps = 7}).result.steps == 7);
  // the last step still counts
  CHECK(Play(SolvedAt(50 * kStep), {}, 1).result.outcome == Outcome::kSuccess);
}

TEST_CASE("after a success the goal is watched until it has held untouched") {
  const Run run = Play(SolvedAt(13 * kStep), {}, 1, {.hold_steps = 10});
  CHECK(run.result.outcome == Outcome::kSuccess);
  CHECK(run.result.steps == 3);
  CHECK(run.result.played_steps == 13);
  CHECK(run.result.held);
  CHECK_FALSE(Play(SolvedAt(13 * kStep), {}, 1).result.held);
}

TEST_CASE("every action played is told, no-ops first") {
  std::vector<Action> told;
  RolloutOptions options{.on_action = [&](const Action& action) { told.push_back(action); }};
  Play(SolvedAt(13 * kStep), {}, 1, options);
  CHECK(told == Hold(10 + 3));
}

TEST_CASE("a chunk is played to its end before the next call") {
  const Run run = Play(SolvedAt(100), {.chunk_length = 8}, 8, {.max_steps = 20});
  CHECK(run.calls == std::vector<int>{0, 8, 16});
  CHECK(Play(SolvedAt(100), {.chunk_length = 8}, 3, {.max_steps = 7}).calls ==
        std::vector<int>{0, 3, 6});
}

TEST_CASE("a frame is drawn only when a clip will hold it") {
  // hold: nobody looks
  CHECK(Play(SolvedAt(100), {}, 1, {.max_steps = 20}).drawn == 0);
  // single frames, calls at 0, 8, 16
  CHECK(Play(SolvedAt(100), Looking(1, 1, 8), 8, {.max_steps = 20}).drawn == 3 + 0);
  // three frames two apart: 0; 4, 6, 8; 12, 14, 16; and 20 for a call at 24
  CHECK(Play(SolvedAt(100), Looking(3, 2, 8), 8, {.max_steps = 20}).drawn == 1 + 3 + 3 + 1);
  // clips that overlap share their frames: every step
  CHECK(Play(SolvedAt(100), Looking(4, 1, 1), 1, {.max_steps = 20}).drawn == 21);
}

TEST_CASE("a clip ends with the newest frame and repeats the first where the episode is younger") {
  const Run run = Play(SolvedAt(100), Looking(3, 2, 4), 4, {.max_steps = 9});
  // drawn in order: steps 0, 2, 4, 6, 8; a picture's value is how many were drawn before it
  const auto values = [&](int call) {
    std::vector<int> out;
    for (const Image& frame : run.clips[call][0].frames) out.push_back(frame.pixels[0]);
    return out;
  };
  CHECK(values(0) == std::vector<int>{0, 0, 0});
  CHECK(values(1) == std::vector<int>{0, 1, 2});
  CHECK(values(2) == std::vector<int>{2, 3, 4});
}

TEST_CASE("a short answer that tears a clip is an error, not a wrong clip") {
  const Run run = Play(SolvedAt(100), Looking(3, 2, 8), 3, {.max_steps = 20});
  CHECK(run.result.outcome == Outcome::kError);
  CHECK_THAT(run.result.error, Contains("was not drawn") && Contains("8 actions a call"));
}

TEST_CASE("a contract that cannot be met is refused") {
  CHECK_THROWS_AS(ClipRecorder(Looking(0, 1, 1)), Error);
  CHECK_THROWS_AS(ClipRecorder(Looking(1, 0, 1)), Error);
  CHECK_THROWS_WITH(ClipRecorder(Looking(1, 1, 0)), Contains("chunk length 0"));
  CHECK_NOTHROW(ClipRecorder(PolicyContract()));
}

TEST_CASE("a video sees every observation from the policy's first on") {
  int seen = 0;
  RolloutOptions options{.max_steps = 5, .on_frames = [&](const Environment&) { ++seen; }};
  CHECK(Play(SolvedAt(100), Looking(1, 1, 5), 5, options).drawn == 6);
  CHECK(seen == 6);
}

TEST_CASE("a policy that answers nonsense ends the episode with a clear error") {
  const auto error = [](std::vector<Action> answer) {
    Environment environment(SolvedAt(100), {}, nullptr);
    FakePolicy policy({.chunk_length = 2}, [&](const PolicyInput&) { return answer; });
    const auto task = SolvedAt(100);
    return RunEpisode(environment, policy, {}, {}, task->NewResetSampler()->Sample(),
                      task->init_states()[0]);
  };
  const RolloutResult none = error({});
  CHECK(none.outcome == Outcome::kError);
  CHECK_THAT(none.error, Contains("answered 0 actions at step 0") && Contains("1 to 2"));
  CHECK_THAT(error(Hold(3)).error, Contains("answered 3 actions"));
  Action bad = kNoOp;
  bad[4] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(error({kNoOp, bad}).error, Contains("nan in entry 4 of action 1 at step 0"));
}

TEST_CASE("an initial state of the wrong width is an error") {
  const auto task = SolvedAt(100);
  Environment environment(task, {}, nullptr);
  FakePolicy policy({}, [](const PolicyInput&) { return Hold(1); });
  const std::vector<double> row(5);
  CHECK(RunEpisode(environment, policy, {}, {}, task->NewResetSampler()->Sample(), row).outcome ==
        Outcome::kError);
}

TEST_CASE("an interrupted episode says so") {
  const auto task = SolvedAt(100);
  Environment environment(task, {}, nullptr);
  std::atomic<bool> stop = false;
  FakePolicy policy({}, [&](const PolicyInput& input) {
    stop = input.step == 3;
    return Hold(1);
  });
  const RolloutResult result =
      RunEpisode(environment, policy, {}, {}, task->NewResetSampler()->Sample(),
                 task->init_states()[0], &stop);
  CHECK(result.interrupted);
  CHECK(result.steps == 4);
}

}  // namespace
}  // namespace vega
