// An evaluation seen from the window while it runs.

#include <catch2/catch.hpp>
#include <fstream>

#include "tasks/evaluation/live_pictures.h"
#include "tests/viewer/hands.h"

namespace vega {
namespace {

// the folder of a run of two episodes that has just begun, and the window on it
fs::path BeginRun(Hands& hands) {
  const fs::path run = hands.folder() / "run";
  fs::create_directory(run);
  std::ofstream(run / "manifest.json") << Json{
      {"config",
       {{"suite", "fake_suite"}, {"tasks", {0, 1}}, {"episodes", 1}, {"policy", "seeing"}}}};
  hands.options.run = run;
  return run;
}

TEST_CASE("a run is watched while it grows and its episodes are opened", "[window]") {
  Hands hands;
  const fs::path run = BeginRun(hands);
  const auto append = [&](int task, const std::string& end) {
    EpisodeRecord record{.suite = "fake_suite",
                         .task = task,
                         .task_name = "fake",
                         .instruction = "push",
                         .outcome = Outcome::kSuccess,
                         .steps = 3};
    std::ofstream(run / "episodes.jsonl", std::ios::app) << ToJson(record).dump() << end;
  };
  append(0, "\n");
  size_t seen = 0;
  int task = -1;
  bool appended = false;
  hands.Run({{{"wait_for", "step 0"}},
             {{"click", "Inspect/Evaluation"}},
             {{"wait_for", "widget Evaluation/episode 1"}},
             {{"click", "Evaluation/episode 1"}},
             {{"wait", 3}},
             {{"wait_for", "idle"}},
             {{"wait", 3}}},
            [&](const Viewer& viewer) {
              if (!appended) append(1, "\n");
              appended = true;
              seen = viewer.run().records().size();
              task = SessionOf(viewer).task().info().index;
            });
  CHECK(seen == 2);
  CHECK(task == 1);
}

TEST_CASE("a folder that is no run is said in the window, which goes on", "[window]") {
  Hands hands;
  std::string error;
  int step = -1;
  hands.Run({{{"wait_for", "step 0"}},
             {{"click", "Inspect/Evaluation"}},
             {{"set", "Evaluation/##run"}, {"value", "/nowhere"}},
             {{"wait", 3}},
             {{"click", "Run/Step"}},
             {{"wait_for", "step 1"}}},
            [&](const Viewer& viewer) {
              error = viewer.state().error;
              if (const auto latest = SessionOf(viewer).latest()) step = latest->step;
            });
  CHECK_THAT(error, Catch::Contains("/nowhere is not the folder of a run"));
  CHECK(step == 1);
}

TEST_CASE("what the workers of a running evaluation see is shown", "[window]") {
  Hands hands;
  const fs::path run = BeginRun(hands);
  FakeRenderer renderer;
  Environment environment(std::make_shared<FakeTask>(0, 1e9),
                          {.cameras = {"front"}, .image_size = 16}, &renderer);
  environment.Reset(ResetPlacement(), {});
  environment.Draw();
  LivePictures live(run);
  const EpisodeJob job{.task = {.suite = "fake_suite", .index = 1, .name = "push"}, .episode = 4};
  live.Offer(0, job, 7, environment);
  CHECK(ReadLivePictures(run).empty());  // nobody had asked
  bool drawn = false;
  hands.Run({{{"wait_for", "step 0"}},
             {{"click", "Inspect/Evaluation"}},
             {{"wait_for", "widget Evaluation/worker/1/0"}},
             {{"wait", 2}}},
            [&](const Viewer& viewer) {
              live.Offer(1, job, 7, environment);
              drawn |= !viewer.run().pictures().empty();
            });
  CHECK(drawn);
  const auto pictures = ReadLivePictures(run);
  REQUIRE(pictures.size() == 1);
  CHECK(pictures[0].worker == 1);
  CHECK(pictures[0].task_index == 1);
  CHECK(pictures[0].episode == 4);
  CHECK(pictures[0].step == 7);
  CHECK(pictures[0].cameras.at(0).width == 16);
}

}  // namespace
}  // namespace vega
