// Collecting: the same demonstrations whatever the number of workers or kills, starts that are
// drawn afresh, and files that say what they are.

#include "tasks/dataset/collection.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "sim/base/error.h"
#include "tasks/dataset/collection_folder.h"
#include "tasks/dataset/hdf5_reader.h"
#include "tasks/dataset/replay_check.h"
#include "tasks/dataset/statistics.h"
#include "tests/dataset/fake_collection.h"

namespace vega {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using Json = nlohmann::ordered_json;

const std::vector<std::string> kNames = {"fake_task_0", "fake_task_1"};

bool Same(const Demonstration& a, const Demonstration& b) {
  return a.actions == b.actions && a.states == b.states && a.images == b.images &&
         a.ee_pos == b.ee_pos && a.reset_state == b.reset_state && a.model_file == b.model_file;
}

// everything a file holds of its demos, to be compared
std::vector<std::vector<double>> Contents(const fs::path& file) {
  const Hdf5Reader reader = Hdf5Reader::Open(file);
  std::vector<std::vector<double>> contents;
  for (size_t i = 0; i < reader.demos().size(); ++i) {
    const int64_t steps = reader.demos()[i].steps;
    contents.push_back(reader.States(i, 0, steps));
    const std::vector<uint8_t> pictures = reader.Group(i).Bytes("obs/agentview_rgb", 0, steps);
    contents.emplace_back(pictures.begin(), pictures.end());
  }
  return contents;
}

Json Manifest(int seed = 7) { return {{"config", {{"seed", seed}}}}; }

// runs the missing jobs of a folder; stops after `limit` episodes, as a kill would
void Run(CollectionFolder& folder, const std::vector<CollectionJob>& jobs, int limit = 1000) {
  std::vector<CollectionJob> missing;
  for (const CollectionJob& job : jobs) {
    if (!folder.Has(job)) missing.push_back(job);
  }
  std::atomic<bool> stop = false;
  CollectionSources sources = FakeSources();
  sources.done = [&](const DemoTask& task, const CollectedEpisode& episode) {
    folder.Add(task, episode, FakeContract(), 1);
    if (--limit == 0) stop = true;
  };
  if (!missing.empty()) Collect(missing, FakeOptions(), sources, stop);
}

TEST_CASE("demonstrations do not depend on the number of workers") {
  const auto one = CollectFake(FakeJobs(2, 2), FakeOptions(1));
  const auto two = CollectFake(FakeJobs(2, 2), FakeOptions(2));
  REQUIRE(one.size() == 4);
  REQUIRE(two.size() == 4);
  for (size_t i = 0; i < one.size(); ++i) CHECK(Same(one[i].demo, two[i].demo));
}

TEST_CASE("every demonstration starts elsewhere, and none from an official initial state") {
  const auto demos = CollectFake(FakeJobs(1, 3), FakeOptions());
  std::set<std::vector<double>> starts;
  for (const FakeDemo& demo : demos) starts.insert(demo.demo.reset_state);
  CHECK(starts.size() == 3);
  const FakeTask task(0, 1);
  for (const auto& row : task.init_states()) CHECK_FALSE(starts.contains(row));
}

TEST_CASE("a demonstration ends once the goal has held") {
  const Demonstration& demo = OneFake().demo;
  CHECK(demo.success);
  // solved after 36 steps, and 3 more
  CHECK(demo.steps() == 36 + 3);
}

TEST_CASE("an episode that never succeeds gives no demonstration, unless all are asked for") {
  CollectionOptions options = FakeOptions();
  options.max_steps = 5;
  std::vector<CollectedEpisode> ended;
  CollectionSources sources = FakeSources();
  sources.done = [&](const DemoTask&, CollectedEpisode e) { ended.push_back(std::move(e)); };
  std::atomic<bool> stop = false;
  Collect(FakeJobs(1, 1), options, sources, stop);
  options.contract.successes_only = false;
  Collect(FakeJobs(1, 1), options, sources, stop);
  REQUIRE(ended.size() == 2);
  CHECK_FALSE(ended[0].kept);
  CHECK(ended[0].attempts == 2);
  CHECK_THAT(ended[0].failure, Contains("not reached"));
  CHECK(ended[1].kept);
  CHECK_FALSE(ended[1].demo.success);
  CHECK(ended[1].demo.steps() == 5);
}

TEST_CASE("a collection cut short and resumed has each episode once") {
  const Scratch folder;
  const auto jobs = FakeJobs(2, 2);
  {
    CollectionFolder whole = CollectionFolder::Create(folder / "whole.hdf5", Manifest());
    Run(whole, jobs);
    whole.Finish(jobs, kNames, FakeContract());
  }
  {
    CollectionFolder cut = CollectionFolder::Create(folder / "cut.hdf5", Manifest());
    Run(cut, jobs, 2);
    CHECK_THROWS_WITH(CollectionFolder::Resume(folder / "cut.hdf5", Manifest()),
                      Contains("being written by another"));
  }
  CHECK_FALSE(fs::exists(folder / "cut.hdf5"));
  // what a kill in the middle of a write leaves
  std::ofstream(folder / "cut.hdf5.parts/task01_episode0001.hdf5.part") << "torn";
  std::ofstream(folder / "cut.hdf5.part") << "torn";
  CHECK_THROWS_WITH(CollectionFolder::Create(folder / "cut.hdf5", Manifest()),
                    Contains("--resume continues it"));
  CHECK_THROWS_WITH(CollectionFolder::Resume(folder / "cut.hdf5", Manifest(8)),
                    Contains("seed") && Contains("it is 7, not 8"));
  CollectionFolder cut = CollectionFolder::Resume(folder / "cut.hdf5", Manifest());
  Run(cut, jobs);
  cut.Finish(jobs, kNames, FakeContract());
  CHECK_FALSE(fs::exists(folder / "cut.hdf5.parts"));
  CHECK(Contents(folder / "cut.hdf5") == Contents(folder / "whole.hdf5"));
  CHECK(CollectionFolder::Resume(folder / "cut.hdf5", Manifest()).complete());
}

TEST_CASE("a collection goes on where a flag came later, if it leaves everything as it was") {
  const Scratch folder;
  CollectionFolder::Create(folder / "old.hdf5", Manifest());
  Json now = Manifest();
  now["config"]["scatter"] = 0.0;
  CHECK_NOTHROW(CollectionFolder::Resume(folder / "old.hdf5", now));
  now["config"]["scatter"] = 0.1;
  CHECK_THROWS_WITH(CollectionFolder::Resume(folder / "old.hdf5", now),
                    Contains("another scatter") && Contains("null, not 0.1"));
}

TEST_CASE("starts vary as the options say") {
  CollectionOptions options = FakeOptions();
  const auto own = CollectFake(FakeJobs(1, 1), options).at(0).demo.ee_pos;
  options.starts = {.exchange = 1, .scatter = 0.25};
  const auto varied = CollectFake(FakeJobs(1, 1), options).at(0).demo.ee_pos;
  // the hand is put 1.25 m further out, and then moves for ten no-ops
  CHECK(std::hypot(varied[0] - own[0], varied[1] - own[1], varied[2] - own[2]) ==
        Approx(1.25).margin(0.2));
}

TEST_CASE("a folder gets one file a task, as LIBERO has them") {
  const Scratch folder;
  const auto jobs = FakeJobs(2, 1);
  CollectionFolder collection = CollectionFolder::Create(folder / "set", Manifest());
  Run(collection, jobs);
  CHECK(collection.Finish(jobs, kNames, FakeContract()).size() == 2);
  const Hdf5Reader reader = Hdf5Reader::Open(folder / "set/fake_task_1_demo.hdf5");
  CHECK(reader.demos().size() == 1);
  CHECK(reader.demos()[0].task_name == "fake_task_1");
  const Hdf5Group data = Hdf5Group::Open(folder / "set/fake_task_1_demo.hdf5").Group("data");
  CHECK_THAT(data.TextAttribute("problem_info"), Contains("push the box"));
  CHECK(data.IntegerAttribute("num_demos") == 1);
}

TEST_CASE("replaying the actions gives the same states, bit for bit") {
  const Scratch folder;
  FakeDemo damaged = OneFake();
  damaged.demo.actions[7 * 20] += 0.01;
  WriteFake(folder / "set.hdf5", {OneFake(), damaged});
  const Hdf5Reader reader = Hdf5Reader::Open(folder / "set.hdf5");
  const ReplayCheck whole = ReplayByAction(reader, 0, FakeTasks(), 1e-9);
  CHECK(whole.first_unequal == -1);
  CHECK(whole.steps == OneFake().demo.steps());
  CHECK(whole.success);
  const ReplayCheck off = ReplayByAction(reader, 1, FakeTasks(), 1e-9);
  CHECK(off.first_unequal == 21);
  CHECK(off.first_beyond == 21);
  CHECK(off.first_size > 1e-6);
  const ReplayCheck states = ReplayByState(reader, 0, FakeTasks(), 0.05);
  CHECK(states.first_beyond == -1);
  CHECK(states.success);
}

TEST_CASE("filtered no-ops are left out, and the episode can still be replayed") {
  const Scratch folder;
  CollectionOptions options = FakeOptions();
  options.contract.filters_noops = true;
  CollectionSources sources = FakeSources();
  // moves in every third step only; the gripper changes in one of the others
  sources.make_policy = [] {
    return std::make_unique<FakePolicy>(PolicyContract{}, [](const PolicyInput& input) {
      const double move = input.step % 3 == 0 ? 0.5 : 0;
      return std::vector<Action>{{move, 0, 0, 0, 0, 0, input.step < 10 ? -1.0 : 1.0}};
    });
  };
  std::vector<FakeDemo> demos;
  sources.done = [&](const DemoTask& task, CollectedEpisode episode) {
    demos.push_back({task, std::move(episode.demo)});
  };
  std::atomic<bool> stop = false;
  Collect(FakeJobs(1, 1), options, sources, stop);
  REQUIRE(demos.size() == 1);
  // 13 moves of 39 steps, and step 10 for its gripper
  CHECK(demos[0].demo.steps() == 14);
  CHECK(demos[0].demo.simulated_actions.size() == 39 * 7);
  WriteFake(folder / "set.hdf5", demos, options.contract);
  const Hdf5Reader reader = Hdf5Reader::Open(folder / "set.hdf5");
  CHECK(reader.contract().filters_noops);
  CHECK(ReplayByAction(reader, 0, FakeTasks(), 0).first_unequal == -1);
}

TEST_CASE("statistics are those of the columns") {
  const std::vector<double> values = {0, 10, 1, 20, 2, 30, 3, 40, 4, 50};
  const ColumnStatistics s = Columns(values, 2);
  CHECK(s.count == 5);
  CHECK(s.mean == std::vector<double>{2, 30});
  CHECK(s.q01[0] == Approx(0.04));
  CHECK(s.q99[1] == Approx(49.6));
  CHECK(s.std[0] == Approx(std::sqrt(2.0)));
}

}  // namespace
}  // namespace vega
