// Demonstrations with disturbed actions, and demonstrations without pictures.

#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/error.h"
#include "tasks/dataset/hdf5_reader.h"
#include "tasks/dataset/lerobot_export.h"
#include "tasks/dataset/noisy_policy.h"
#include "tasks/dataset/replay_check.h"
#include "tasks/dataset/statistics.h"
#include "tasks/dataset/validator.h"
#include "tests/dataset/fake_collection.h"

namespace vega {
namespace {

using Catch::Contains;

constexpr double kSigma = 0.2;

CollectionOptions NoisyOptions(int workers = 1) {
  CollectionOptions options = FakeOptions(workers);
  options.contract.action_noise = kSigma;
  options.contract.cameras = {};
  options.contract.image_size = 0;
  options.contract.render_quality = {};
  return options;
}

// a file of demonstrations with noise and without pictures
void WriteNoisy(const std::filesystem::path& file) {
  const CollectionOptions options = NoisyOptions();
  WriteFake(file, CollectFake(FakeJobs(2, 1), options), options.contract);
}

TEST_CASE("noise is zero on average, smooth, of the asked size, and leaves the gripper alone") {
  ActionNoise noise(kSigma);
  noise.Reset(RandomStream(3, "noise"));
  constexpr int kSteps = 20000;
  double sum = 0, squares = 0, products = 0, before = 0, turns = 0;
  for (int i = 0; i < kSteps; ++i) {
    const Action played = noise.Disturb({0, 0, 0, 0, 0, 0, 1});
    sum += played[0];
    squares += played[0] * played[0];
    products += played[0] * before;
    turns += played[4] * played[4];
    before = played[0];
    REQUIRE(played[6] == 1);
    REQUIRE(std::abs(played[0]) <= 1);
  }
  CHECK(std::abs(sum / kSteps) < 0.02);
  // pushes add to the spread
  CHECK(std::sqrt(squares / kSteps) > kSigma);
  CHECK(std::sqrt(squares / kSteps) < 1.6 * kSigma);
  CHECK(products / squares > 0.7);
  CHECK(std::sqrt(turns / kSteps) == Approx(0.2 * kSigma).epsilon(0.1));
}

TEST_CASE("with noise, what was played replays bit for bit and what was meant is kept beside it") {
  const Scratch folder;
  WriteNoisy(folder / "noisy.hdf5");
  const Hdf5Reader reader = Hdf5Reader::Open(folder / "noisy.hdf5");
  CHECK(reader.contract().action_noise == kSigma);
  const int64_t steps = reader.demos()[0].steps;
  const std::vector<Action> played = reader.Actions(0, 0, steps),
                            meant = reader.Labels(0, 0, steps);
  double apart = 0;
  for (int64_t t = 0; t < steps; ++t) {
    // the fake policy's wave, see fake_collection.cc
    CHECK(meant[t][0] == std::sin(t / 4.0));
    CHECK(meant[t][6] == played[t][6]);
    apart += std::abs(meant[t][1] - played[t][1]);
  }
  CHECK(apart / static_cast<double>(steps) > kSigma / 4);
  const ReplayCheck replay = ReplayByAction(reader, 0, FakeTasks(), 0);
  CHECK(replay.first_unequal == -1);
  CHECK(replay.success);
}

TEST_CASE("noise does not depend on the number of workers, and is another in each episode") {
  const auto one = CollectFake(FakeJobs(2, 2), NoisyOptions(1));
  const auto two = CollectFake(FakeJobs(2, 2), NoisyOptions(2));
  REQUIRE(one.size() == two.size());
  for (size_t i = 0; i < one.size(); ++i) CHECK(one[i].demo.actions == two[i].demo.actions);
  CHECK(one[0].demo.actions != one[1].demo.actions);
  CHECK(one[0].demo.expert_actions == one[1].demo.expert_actions);
}

TEST_CASE("statistics are those of what is to be learnt") {
  const Scratch folder;
  WriteNoisy(folder / "noisy.hdf5");
  const auto statistics = DatasetStatistics(Hdf5Reader::Open(folder / "noisy.hdf5"), "noisy");
  // the wave turns by 0.2, always
  CHECK(statistics["noisy"]["action"]["std"][3].get<double>() == Approx(0).margin(1e-12));
}

TEST_CASE("a file without pictures is checked, and refused where pictures are needed") {
  const Scratch folder;
  WriteNoisy(folder / "noisy.hdf5");
  const Hdf5Reader reader = Hdf5Reader::Open(folder / "noisy.hdf5");
  CHECK(reader.contract().cameras.empty());
  for (const Finding& finding : Validate(reader, FakeTasks(), nullptr)) {
    // the fake arm is no arm whose hand follows its actions
    CHECK(finding.check == "actions");
  }
  CHECK_THROWS_WITH(ExportLerobot(reader, folder / "lerobot"), Contains("has no pictures"));
}

}  // namespace
}  // namespace vega
