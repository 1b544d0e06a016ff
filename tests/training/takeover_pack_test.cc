// Which steps of demonstrations with a takeover a pack takes.

#include <algorithm>
#include <catch2/catch.hpp>

#include "tasks/dataset/hdf5_writer.h"
#include "tasks/training/pack_plan.h"
#include "tests/dataset/fake_collection.h"

namespace vega {
namespace {

constexpr int64_t kTakeover = 9;
constexpr int kSamples = 10;

// one demonstration of 39 steps, of which the demonstrator's begin at kTakeover, or all of them
class Demo {
 public:
  explicit Demo(bool takeover) {
    DatasetContract contract = FakeContract();
    FakeDemo fake = OneFake();
    if (takeover) {
      contract.taken_over_from = "learner";
      fake.demo.expert_acts.assign(fake.demo.steps(), 1);
      std::fill_n(fake.demo.expert_acts.begin(), kTakeover, uint8_t{0});
    }
    WriteFake(folder_ / "set.hdf5", {fake}, contract);
    sources_.push_back(Hdf5Reader::Open(folder_ / "set.hdf5"));
  }

  std::vector<int64_t> Steps(const PackOptions& options) const {
    std::vector<int64_t> steps;
    for (const PackSample& sample : PlanPack(sources_, options).samples) {
      steps.push_back(sample.step);
    }
    return steps;
  }

 private:
  Scratch folder_;
  std::vector<Hdf5Reader> sources_;
};

PackOptions Options(uint64_t seed) {
  PackOptions options;
  options.samples = kSamples;
  options.held_out = 0;
  options.seed = seed;
  return options;
}

int64_t Below(const std::vector<int64_t>& steps, int64_t end) {
  return std::count_if(steps.begin(), steps.end(), [=](int64_t step) { return step < end; });
}

TEST_CASE("a pack takes the demonstrator's steps alone, the asked share of them early") {
  const Demo demo(true);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    PackOptions options = Options(seed);
    options.early_steps = 8;
    options.early_share = 0.6;
    const std::vector<int64_t> steps = demo.Steps(options);
    CHECK(steps.size() == kSamples);
    CHECK(std::is_sorted(steps.begin(), steps.end()));
    CHECK(Below(steps, kTakeover) == 0);
    CHECK(Below(steps, kTakeover + 8) == 6);
  }
}

TEST_CASE("with every so many steps they begin at the takeover too") {
  const Demo demo(true);
  PackOptions options = Options(0);
  options.samples = 0;
  options.every = 3;
  const std::vector<int64_t> steps = demo.Steps(options);
  CHECK(steps.size() == (39 - kTakeover) / 3);
  CHECK(Below(steps, kTakeover) == 0);
}

TEST_CASE("steps before the takeover are taken where that is asked for, spread evenly") {
  const Demo demo(true), whole(false);
  PackOptions options = Options(3);
  options.before_takeover = true;
  const std::vector<int64_t> steps = demo.Steps(options);
  CHECK(Below(steps, kTakeover) >= 2);
  // just as those of a demonstration without one, which the options of takeovers leave alone
  CHECK(steps == whole.Steps(Options(3)));
  options.early_share = 1;
  options.early_steps = 1;
  CHECK(steps == whole.Steps(options));
}

TEST_CASE("options of takeovers show in a pack's config only where they are not the usual ones") {
  CHECK_FALSE(PackConfig({}, PackOptions{}).contains("early_steps"));
  PackOptions options;
  options.early_steps = 12;
  options.before_takeover = true;
  CHECK(PackConfig({}, options).at("early_steps") == 12);
  CHECK(PackConfig({}, options).at("before_takeover") == true);
}

}  // namespace
}  // namespace vega
