#include "viewer/session.h"

#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "policies/hold_policy.h"
#include "policies/random_policy.h"
#include "sim/base/error.h"
#include "tests/tasks/fake_task.h"
#include "viewer/teleop.h"
#include "viewer/window.h"

namespace vega {
namespace {

using namespace std::chrono_literals;

template <typename Condition>
bool Await(const Condition& condition) {
  for (int i = 0; i < 4000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

// the snapshot of `step` once it is there and nothing is being done; null after 20 s
SnapshotPtr Await(const Session& session, int step) {
  Await([&] { return !session.busy() && session.at(step) != nullptr; });
  return session.at(step);
}

SessionPolicy RandomMoves() {
  return {"random", [] { return std::make_unique<RandomPolicy>(); }};
}

std::unique_ptr<Session> PausedSession(SessionPolicy policy = RandomMoves()) {
  return std::make_unique<Session>(
      std::make_shared<FakeTask>(0, 1e9), std::move(policy),
      [](const PolicyContract&) { return std::make_unique<FakeRenderer>(); },
      SessionOptions{.init = 0, .seed = 3, .playing = false});
}

void Steps(Session& session, int count) {
  for (int i = 0; i < count; ++i) session.StepOnce();
}

// A policy whose answer depends on all it was asked before.
class CountingPolicy : public Policy {
 public:
  CountingPolicy() { contract_.chunk_length = 2; }
  const PolicyContract& contract() const override { return contract_; }
  void Reset(const EpisodeKey&) override { calls_ = 0; }
  std::vector<Action> Act(const PolicyInput&) override {
    ++calls_;
    Action action = kNoOp;
    action[calls_ % 3] = 0.1 * calls_;
    return {action, action};
  }

 private:
  PolicyContract contract_;
  int calls_ = 0;
};

TEST_CASE("a paused session holds still and a step advances one control step") {
  const auto session = PausedSession();
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

TEST_CASE("a physics step shows the 25 states within a control step") {
  const auto session = PausedSession();
  REQUIRE(Await(*session, 0));
  session->StepOnce(/*substeps=*/true);
  const auto step = Await(*session, 1);
  REQUIRE(step);
  REQUIRE(step->substeps.size() == 25);
  CHECK(step->substeps[0] == session->at(0)->state);
  CHECK(step->substeps[10][0] - step->substeps[9][0] == Approx(0.002));
}

TEST_CASE("a restarted session goes through the same states") {
  const auto session = PausedSession();
  REQUIRE(Await(*session, 0));
  Steps(*session, 5);
  const auto before = Await(*session, 5);
  REQUIRE(before);
  session->Restart(0);
  REQUIRE(Await([&] { return session->at(5) == nullptr; }));
  Steps(*session, 5);
  const auto after = Await(*session, 5);
  REQUIRE(after);
  CHECK(after != before);
  CHECK(after->hash == before->hash);
}

TEST_CASE("going on from an earlier step gives the same states again") {
  const bool remembers = GENERATE(false, true);
  const auto session = PausedSession(
      remembers ? SessionPolicy{"counting", [] { return std::make_unique<CountingPolicy>(); }}
                : RandomMoves());
  REQUIRE(Await(*session, 0));
  Steps(*session, 11);
  REQUIRE(Await(*session, 11));
  std::vector<uint64_t> hashes;
  session->ForEach([&](const Snapshot& snapshot) { hashes.push_back(snapshot.hash); });

  // in the middle of a chunk
  session->GoOnFrom(5);
  REQUIRE(Await([&] { return !session->busy() && session->latest()->step == 5; }));
  Steps(*session, 6);
  REQUIRE(Await(*session, 11));
  std::vector<uint64_t> again;
  session->ForEach([&](const Snapshot& snapshot) { again.push_back(snapshot.hash); });
  CHECK(again == hashes);
}

TEST_CASE("a fork shares the past and parts only after a change") {
  const auto session = PausedSession();
  REQUIRE(Await(*session, 0));
  Steps(*session, 6);
  REQUIRE(Await(*session, 6));
  Session fork(*session, 3);
  REQUIRE(Await(fork, 3));
  CHECK(fork.latest()->step == 3);
  CHECK(fork.at(2) == session->at(2));

  Steps(fork, 3);
  REQUIRE(Await(fork, 6));
  CHECK(fork.at(6)->hash == session->at(6)->hash);

  fork.Edit(3, [](Scene& scene) {
    const int joint = scene.model().body_jntadr[scene.model().nbody - 1];
    scene.mutable_data().qpos[scene.model().jnt_qposadr[joint]] += 0.1;
  });
  REQUIRE(Await([&] { return !fork.busy() && fork.latest()->step == 3; }));
  Steps(fork, 3);
  REQUIRE(Await(fork, 6));
  CHECK(fork.at(2)->hash == session->at(2)->hash);
  CHECK(fork.at(6)->hash != session->at(6)->hash);
}

TEST_CASE("a pushed body moves and is let go again") {
  const auto session = PausedSession({"hold", [] { return std::make_unique<HoldPolicy>(); }});
  REQUIRE(Await(*session, 0));
  const mjModel& model = *session->task().model();
  const int body = model.nbody - 1;
  const int address = model.jnt_qposadr[model.body_jntadr[body]];
  Steps(*session, 2);
  const double at_rest = Await(*session, 2)->state[1 + address];

  mjvPerturb push;
  mjv_defaultPerturb(&push);
  push.select = body;
  push.active = mjPERT_TRANSLATE;
  push.scale = 1;
  push.localmass = 1;
  const SnapshotPtr latest = session->latest();
  for (int i = 0; i < 3; ++i) push.refselpos[i] = latest->state[1 + address + i];
  push.refselpos[0] += 0.3;
  session->SetPush(push);
  Steps(*session, 6);
  const double pushed = Await(*session, 8)->state[1 + address];
  CHECK(pushed > at_rest + 0.01);
  session->SetPush({});
  Steps(*session, 1);
  REQUIRE(Await(*session, 9));
}

TEST_CASE("a new instruction and a new policy reach the next call") {
  struct Listening : RandomPolicy {
    explicit Listening(std::vector<std::string>& heard) : heard(heard) {}
    std::vector<Action> Act(const PolicyInput& input) override {
      heard.push_back(input.instruction);
      return {kNoOp};
    }
    std::vector<std::string>& heard;
  };
  std::vector<std::string> heard;
  const auto session =
      PausedSession({"listening", [&] { return std::make_unique<Listening>(heard); }});
  REQUIRE(Await(*session, 0));
  Steps(*session, 1);
  REQUIRE(Await(*session, 1));
  session->SetInstruction("open the door");
  Steps(*session, 1);
  REQUIRE(Await(*session, 2));
  REQUIRE(heard.size() == 2);
  CHECK(heard[0] == session->task().info().instruction);
  CHECK(heard[1] == "open the door");

  const auto hands = std::make_shared<TeleopInput>();
  Action up = kNoOp;
  up[2] = 0.5;
  hands->Set(up);
  session->SetPolicy({"teleoperation", [&] { return std::make_unique<TeleopPolicy>(hands); }});
  Steps(*session, 1);
  const auto moved = Await(*session, 3);
  REQUIRE(moved);
  CHECK(moved->action == up);
  CHECK(moved->call->policy == "teleoperation");
}

TEST_CASE("recorded states are played back and gone on from") {
  auto task = std::make_shared<FakeTask>(0, 1e9);
  std::vector<std::vector<double>> states;
  {
    const auto session = PausedSession();
    REQUIRE(Await(*session, 0));
    Steps(*session, 4);
    REQUIRE(Await(*session, 4));
    session->ForEach([&](const Snapshot& snapshot) { states.push_back(snapshot.state); });
  }
  const auto renderer = [](const PolicyContract&) { return std::make_unique<FakeRenderer>(); };
  Session recording(task, RandomMoves(), renderer, {.seed = 3}, states);
  REQUIRE(Await(recording, 4));
  for (int i = 0; i <= 4; ++i) CHECK(recording.at(i)->state == states[i]);
  recording.GoOnFrom(2);
  Steps(recording, 1);
  REQUIRE(Await([&] { return !recording.busy() && recording.latest()->step == 3; }));

  CHECK_THROWS_WITH(Session(task, RandomMoves(), renderer, {}, {{0.0, 1.0}}),
                    Catch::Contains("2 numbers"));
}

TEST_CASE("what a policy throws is shown and the session can be restarted") {
  struct Broken : RandomPolicy {
    std::vector<Action> Act(const PolicyInput&) override { throw Error("no weights"); }
  };
  const auto session = PausedSession({"broken", [] { return std::make_unique<Broken>(); }});
  REQUIRE(Await(*session, 0));
  session->StepOnce();
  REQUIRE(Await([&] { return !session->error().empty(); }));
  CHECK(session->error() == "no weights");
  session->Restart(0);
  CHECK(Await([&] { return session->error().empty(); }));
}

TEST_CASE("a policy that cannot be made leaves a still scene and its reason") {
  const auto session = PausedSession(
      {"missing", []() -> std::unique_ptr<Policy> { throw Error("there is no such folder"); }});
  REQUIRE(Await(*session, 0));
  CHECK(session->error() == "there is no such folder");
  session->SetPolicy(RandomMoves());
  Steps(*session, 1);
  CHECK(Await(*session, 1));
}

TEST_CASE("drawing on the processor gives way to the simulation", "[window]") {
  const int before = getpriority(PRIO_PROCESS, 0);
  const Window window({});
  // threads made later, the simulation's among them, inherit this
  CHECK(getpriority(PRIO_PROCESS, 0) == before);
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(thread.path() / "comm"), name);
    if (name.find("llvmpipe") == std::string::npos) continue;
    CHECK(getpriority(PRIO_PROCESS, std::atoi(thread.path().filename().c_str())) > before);
  }
}

TEST_CASE("without a display the window says so in one line") {
  const char* display = std::getenv("DISPLAY");
  const std::string before = display != nullptr ? display : "";
  unsetenv("DISPLAY");
  unsetenv("WAYLAND_DISPLAY");
  CHECK_THROWS_WITH(Window({}),
                    Catch::Contains("no window can be opened") && Catch::Contains("xvfb-run"));
  if (!before.empty()) setenv("DISPLAY", before.c_str(), 1);
}

}  // namespace
}  // namespace vega
