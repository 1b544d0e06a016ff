#include "viewer/session.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "policies/random_policy.h"
#include "sim/base/error.h"
#include "tests/tasks/fake_task.h"
#include "viewer/window.h"

namespace vega {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Session> PausedSession(std::unique_ptr<Policy> policy) {
  return std::make_unique<Session>(
      std::make_shared<FakeTask>(0, 1e9), std::move(policy),
      [] { return std::unique_ptr<Renderer>(); },
      SessionOptions{.init = 0, .seed = 3, .playing = false});
}

// waits until the snapshot of `step` is there; null after 20 s
std::shared_ptr<const Snapshot> Await(const Session& session, int step) {
  for (int i = 0; i < 4000; ++i) {
    if (auto snapshot = session.at(step)) return snapshot;
    std::this_thread::sleep_for(5ms);
  }
  return nullptr;
}

TEST_CASE("a paused session holds still and a step advances one control step") {
  const auto session = PausedSession(std::make_unique<RandomPolicy>());
  const auto first = Await(*session, 0);
  REQUIRE(first);
  std::this_thread::sleep_for(150ms);
  CHECK(session->latest() == first);

  session->StepOnce();
  const auto second = Await(*session, 1);
  REQUIRE(second);
  std::this_thread::sleep_for(150ms);
  CHECK(session->latest() == second);
  CHECK(second->state[0] - first->state[0] == Approx(0.05));
}

TEST_CASE("a restarted session goes through the same states") {
  const auto session = PausedSession(std::make_unique<RandomPolicy>());
  REQUIRE(Await(*session, 0));
  for (int i = 0; i < 5; ++i) session->StepOnce();
  const auto before = Await(*session, 5);
  REQUIRE(before);
  session->Restart(0);
  for (int i = 0; session->at(5) && i < 4000; ++i) std::this_thread::sleep_for(5ms);
  REQUIRE(Await(*session, 0));
  for (int i = 0; i < 5; ++i) session->StepOnce();
  const auto after = Await(*session, 5);
  REQUIRE(after);
  CHECK(after != before);
  CHECK(after->state == before->state);
}

TEST_CASE("what a policy throws is shown and the session can be restarted") {
  struct Broken : RandomPolicy {
    std::vector<Action> Act(const PolicyInput&) override { throw Error("no weights"); }
  };
  const auto session = PausedSession(std::make_unique<Broken>());
  REQUIRE(Await(*session, 0));
  session->StepOnce();
  for (int i = 0; session->error().empty() && i < 4000; ++i) std::this_thread::sleep_for(5ms);
  CHECK(session->error() == "no weights");
  session->Restart(0);
  for (int i = 0; !session->error().empty() && i < 4000; ++i) std::this_thread::sleep_for(5ms);
  CHECK(session->error().empty());
}

TEST_CASE("without a display the window says so in one line") {
  unsetenv("DISPLAY");
  unsetenv("WAYLAND_DISPLAY");
  CHECK_THROWS_WITH(Window({}),
                    Catch::Contains("no window can be opened") && Catch::Contains("xvfb-run"));
}

}  // namespace
}  // namespace vega
