// Demonstrations that begin with another policy: who acts when, what is kept, and what readers make
// of it.

#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "sim/base/error.h"
#include "tasks/dataset/collection_folder.h"
#include "tasks/dataset/hdf5_reader.h"
#include "tasks/dataset/hdf5_writer.h"
#include "tasks/dataset/lerobot_export.h"
#include "tasks/dataset/replay_check.h"
#include "tasks/dataset/statistics.h"
#include "tasks/dataset/validator.h"
#include "tests/dataset/fake_collection.h"

namespace vega {
namespace {

using Catch::Contains;
using Json = nlohmann::ordered_json;

constexpr double kLearners = 0.125;  // first entry of all of the learner's actions
constexpr int kFirst = 5, kLast = 20;

CollectionOptions TakeoverOptions(int workers = 1) {
  CollectionOptions options = FakeOptions(workers);
  options.contract.cameras = {};
  options.contract.image_size = 0;
  options.contract.render_quality = {};
  options.contract.taken_over_from = "learner";
  options.takeover = {kFirst, kLast};
  return options;
}

CollectionSources TakeoverSources() {
  CollectionSources sources = FakeSources();
  sources.make_learner = [] {
    return std::make_unique<FakePolicy>(PolicyContract{.chunk_length = 4}, [](const PolicyInput&) {
      return std::vector<Action>(4, Action{kLearners, 0, 0, 0, 0, 0, -1});
    });
  };
  return sources;
}

std::vector<CollectedEpisode> CollectAll(const std::vector<CollectionJob>& jobs,
                                         const CollectionOptions& options,
                                         CollectionSources sources = TakeoverSources()) {
  std::vector<CollectedEpisode> episodes(jobs.size());
  sources.done = [&](const DemoTask&, CollectedEpisode episode) {
    for (size_t i = 0; i < jobs.size(); ++i) {
      if (jobs[i].task == episode.job.task && jobs[i].episode == episode.job.episode) {
        episodes[i] = std::move(episode);
        return;
      }
    }
  };
  std::atomic<bool> stop = false;
  Collect(jobs, options, sources, stop);
  return episodes;
}

// a file of four episodes
void Write(const std::filesystem::path& file, bool damaged = false) {
  const CollectionOptions options = TakeoverOptions();
  const DemoTask task = FakeSources().describe_task(0);
  Hdf5Writer writer(file, options.contract);
  for (CollectedEpisode& episode : CollectAll(FakeJobs(1, 4), options)) {
    if (damaged) episode.demo.expert_acts[2] = 1;
    writer.Add(task, episode.demo);
  }
  writer.Finish("{}");
}

TEST_CASE("the learner acts up to a drawn step, the demonstrator from there to the end") {
  std::set<int64_t> takeovers;
  for (const CollectedEpisode& episode : CollectAll(FakeJobs(1, 6), TakeoverOptions())) {
    REQUIRE(episode.kept);
    const Demonstration& demo = episode.demo;
    REQUIRE(static_cast<int64_t>(demo.expert_acts.size()) == demo.steps());
    const auto first = std::find(demo.expert_acts.begin(), demo.expert_acts.end(), 1);
    const int64_t takeover = first - demo.expert_acts.begin();
    takeovers.insert(takeover);
    CHECK(takeover >= kFirst);
    CHECK(takeover <= kLast);
    CHECK(std::count(first, demo.expert_acts.end(), 1) == demo.expert_acts.end() - first);
    for (int64_t t = 0; t < demo.steps(); ++t) {
      // the demonstrator's wave counts the learner's steps too, see fake_collection.cc
      CHECK(demo.actions[7 * t] == (t < takeover ? kLearners : std::sin(t / 4.0)));
    }
    // solved after 36 steps whoever acts, and 3 more
    CHECK(demo.steps() == 36 + 3);
  }
  CHECK(takeovers.size() > 2);
}

TEST_CASE("an attempt the learner solves before the takeover is counted and not kept") {
  CollectionOptions options = TakeoverOptions();
  options.takeover = {50, 55};
  const auto episodes = CollectAll(FakeJobs(1, 1), options);
  CHECK_FALSE(episodes[0].kept);
  CHECK(episodes[0].attempts == options.attempts);
  CHECK(episodes[0].solved_before == options.attempts);
  CHECK_THAT(episodes[0].failure, Contains("before the takeover"));
}

TEST_CASE("the demonstrator has all the steps of an episode after the takeover") {
  CollectionOptions options = TakeoverOptions();
  options.takeover = {20, 20};
  options.max_steps = 16;
  CHECK(CollectAll(FakeJobs(1, 1), options)[0].kept);
  options.max_steps = 15;
  CHECK_FALSE(CollectAll(FakeJobs(1, 1), options)[0].kept);
}

TEST_CASE("a learner sees its cameras although nothing is recorded, and only when it is asked") {
  class CountingRenderer : public PictureRenderer {
   public:
    explicit CountingRenderer(std::atomic<int>& pictures) : pictures_(pictures) {}
    Image Render(const Scene& scene, const std::string& camera, int height, int width) override {
      ++pictures_;
      return PictureRenderer::Render(scene, camera, height, width);
    }

   private:
    std::atomic<int>& pictures_;
  };
  std::atomic<int> pictures = 0, calls = 0;
  CollectionOptions options = TakeoverOptions();
  options.takeover = {12, 12};
  options.policy_cameras = {"agentview", "robot0_eye_in_hand"};
  options.policy_image_size = kFakeImage;
  CollectionSources sources = TakeoverSources();
  sources.make_renderer = [&](int) { return std::make_unique<CountingRenderer>(pictures); };
  sources.make_learner = [&] {
    const PolicyContract contract{
        .cameras = options.policy_cameras, .image_size = kFakeImage, .chunk_length = 4};
    return std::make_unique<FakePolicy>(contract, [&](const PolicyInput& input) {
      ++calls;
      REQUIRE(input.clips.size() == 2);
      CHECK(input.clips[1].frames.at(0).width == kFakeImage);
      return std::vector<Action>(4, kNoOp);
    });
  };
  const auto episodes = CollectAll(FakeJobs(1, 1), options, sources);
  CHECK(episodes[0].demo.images.empty());
  CHECK(calls == 3);
  // of the next call's too, which is no longer made
  CHECK(pictures <= 2 * (calls + 1));
}

TEST_CASE("what is collected depends neither on the workers nor on kills") {
  const auto jobs = FakeJobs(2, 3);
  const auto one = CollectAll(jobs, TakeoverOptions(1)), two = CollectAll(jobs, TakeoverOptions(2));
  for (size_t i = 0; i < jobs.size(); ++i) {
    CHECK(one[i].demo.actions == two[i].demo.actions);
    CHECK(one[i].demo.states == two[i].demo.states);
    CHECK(one[i].demo.expert_acts == two[i].demo.expert_acts);
  }
  const Scratch folder;
  const Json manifest = {{"config", {{"takeover", "learner"}}}};
  const auto run = [&](CollectionFolder& collection, int limit) {
    std::vector<CollectionJob> missing;
    for (const CollectionJob& job : jobs) {
      if (!collection.Has(job)) missing.push_back(job);
    }
    CollectionSources sources = TakeoverSources();
    std::atomic<bool> stop = false;
    sources.done = [&](const DemoTask& task, const CollectedEpisode& episode) {
      collection.Add(task, episode, TakeoverOptions().contract, 1);
      if (--limit == 0) stop = true;
    };
    Collect(missing, TakeoverOptions(), sources, stop);
  };
  {
    CollectionFolder cut = CollectionFolder::Create(folder / "cut.hdf5", manifest);
    run(cut, 2);
  }
  CHECK_THROWS_WITH(
      CollectionFolder::Resume(folder / "cut.hdf5", {{"config", {{"takeover", nullptr}}}}),
      Contains("another takeover"));
  CollectionFolder cut = CollectionFolder::Resume(folder / "cut.hdf5", manifest);
  run(cut, 100);
  cut.Finish(jobs, {"fake_task_0", "fake_task_1"}, TakeoverOptions().contract);
  const Hdf5Reader reader = Hdf5Reader::Open(folder / "cut.hdf5");
  REQUIRE(reader.demos().size() == jobs.size());
  for (size_t i = 0; i < jobs.size(); ++i) {
    CHECK(reader.States(i, 0, reader.demos()[i].steps) == one[i].demo.states);
  }
}

TEST_CASE("a file with takeovers replays, is valid, and its statistics are the demonstrator's") {
  const Scratch folder;
  Write(folder / "set.hdf5");
  const Hdf5Reader reader = Hdf5Reader::Open(folder / "set.hdf5");
  CHECK(reader.contract().taken_over_from == "learner");
  int64_t steps = 0;
  for (size_t demo = 0; demo < reader.demos().size(); ++demo) {
    const int64_t first = reader.FirstExpertStep(demo);
    CHECK(first >= kFirst);
    CHECK(reader.Actions(demo, first - 1, 1)[0][0] == kLearners);
    CHECK(reader.Actions(demo, first, 1)[0][0] == std::sin(static_cast<double>(first) / 4));
    steps += reader.demos()[demo].steps - first;
  }
  CHECK(ReplayByAction(reader, 0, FakeTasks(), 0).first_unequal == -1);
  for (const Finding& finding : Validate(reader, FakeTasks(), nullptr)) {
    // the fake arm is no arm whose hand follows its actions
    CHECK(finding.check == "actions");
  }
  const auto statistics = DatasetStatistics(reader, "set");
  CHECK(statistics["set"]["num_transitions"] == steps);
}

TEST_CASE("rows that disagree on who acts are found, and LeRobot's layout is refused") {
  const Scratch folder;
  Write(folder / "set.hdf5", true);
  const Hdf5Reader reader = Hdf5Reader::Open(folder / "set.hdf5");
  const auto findings = Validate(reader, FakeTasks(), nullptr);
  CHECK(std::count_if(findings.begin(), findings.end(),
                      [](const Finding& finding) { return finding.check == "takeover"; }) == 4);
  CollectionOptions options = TakeoverOptions();
  options.contract = FakeContract();
  options.contract.taken_over_from = "learner";
  Hdf5Writer writer(folder / "pictures.hdf5", options.contract);
  writer.Add(FakeSources().describe_task(0), CollectAll(FakeJobs(1, 1), options)[0].demo);
  writer.Finish("{}");
  CHECK_THROWS_WITH(ExportLerobot(Hdf5Reader::Open(folder / "pictures.hdf5"), folder / "lerobot"),
                    Contains("before it was taken over"));
}

}  // namespace
}  // namespace vega
