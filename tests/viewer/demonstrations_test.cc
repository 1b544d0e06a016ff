#include "viewer/demonstrations.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <thread>

#include "policies/random_policy.h"
#include "sim/egl_renderer.h"
#include "tasks/dataset/validator.h"
#include "tasks/suite/libero_suites.h"
#include "tests/viewer/hands.h"
#include "viewer/session.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

void AwaitStep(const Session& session, int step) {
  for (int i = 0; i < 4000 && (session.busy() || session.at(step) == nullptr); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  REQUIRE(session.at(step) != nullptr);
}

TEST_CASE("an episode kept from the window is a sound data set and is played back") {
  const std::shared_ptr<const Task> task = LoadTask(LoadSuite("libero_object"), 0);
  const auto no_renderer = [](const PolicyContract&) { return std::unique_ptr<Renderer>(); };
  const SessionPolicy random = {"random", [] { return std::make_unique<RandomPolicy>(); }};
  std::vector<SnapshotPtr> history;
  {
    Session session(task, random, no_renderer, {.playing = false});
    AwaitStep(session, 0);
    for (int step = 1; step <= 8; ++step) session.StepOnce();
    AwaitStep(session, 8);
    for (int step = 0; step <= 8; ++step) history.push_back(session.at(step));
  }
  char folder[] = "/tmp/vega-demonstration-XXXXXX";
  const fs::path file = fs::path(mkdtemp(folder)) / "one.hdf5";
  {
    EglRenderer renderer;
    CHECK_THROWS_WITH(WriteEpisode(*task, {history[0]}, "random", renderer, file),
                      Catch::Contains("nothing to record"));
    WriteEpisode(*task, history, "random", renderer, file);
    const Hdf5Reader reader = Hdf5Reader::Open(file, ForeignConventions::kAsIs);
    REQUIRE(reader.demos().size() == 1);
    for (const Finding& finding : Validate(reader, LiberoDemoTasks(), &renderer)) {
      // nobody says that it solved the task
      if (finding.check != "success") FAIL(finding.check << ": " << finding.what);
    }
  }
  const RecordedEpisode recorded = ReadEpisode(file, 0);
  REQUIRE(recorded.states.size() == 8);
  CHECK(recorded.instruction == task->info().instruction);
  Session session(recorded.task, random, no_renderer, {}, recorded.states, recorded.placement);
  AwaitStep(session, 7);
  for (int step = 0; step < 8; ++step) CHECK(session.at(step)->state == history[step]->state);
  CHECK_THROWS_WITH(ReadEpisode(file, 1), Catch::Contains("has no demonstration 1"));
  fs::remove_all(folder);
}

TEST_CASE("a demonstration opened in the window stands among the fixtures it was recorded with",
          "[window]") {
  const std::shared_ptr<const Task> task = LoadTask(LoadSuite("libero_goal"), 0);
  std::vector<SnapshotPtr> history;
  {
    Session session(task, {"random", [] { return std::make_unique<RandomPolicy>(); }},
                    [](const PolicyContract&) { return std::unique_ptr<Renderer>(); },
                    {.reset = 3, .playing = false});
    AwaitStep(session, 0);
    session.StepOnce();
    AwaitStep(session, 1);
    for (int step = 0; step <= 1; ++step) history.push_back(session.at(step));
  }
  const std::vector<mjtNum>& placed = history[0]->scene.model.body_pos;
  const auto compiled = task->model()->body_pos;
  REQUIRE_FALSE(std::equal(placed.begin(), placed.end(), compiled));

  Hands hands;
  hands.options.dataset = hands.folder() / "one.hdf5";
  {
    EglRenderer renderer;
    WriteEpisode(*task, history, "random", renderer, hands.options.dataset);
  }
  std::vector<mjtNum> shown;
  hands.Run({{{"wait_for", "step 0"}}, {{"wait", 2}}}, [&](const Viewer& viewer) {
    if (const auto first = SessionOf(viewer).at(0)) shown = first->scene.model.body_pos;
  });
  REQUIRE(shown.size() == placed.size());
  for (size_t i = 0; i < placed.size(); ++i) CHECK(shown[i] == Approx(placed[i]).margin(1e-6));
}

}  // namespace
}  // namespace vega
