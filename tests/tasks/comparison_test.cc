// Paired statistics against published and hand-counted values, and runs that may be compared.

#include "tasks/evaluation/comparison.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "sim/base/error.h"
#include "sim/base/random.h"

namespace vega {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using Json = nlohmann::ordered_json;

TEST_CASE("McNemar's exact p is a fair coin's two tails") {
  CHECK(McNemarExact({.only_a = 12, .only_b = 2}) == Approx(0.0129394531));
  CHECK(McNemarExact({.both = 90, .only_a = 1, .only_b = 8}) == Approx(0.0390625));
  CHECK(McNemarExact({.only_a = 6}) == Approx(0.03125));
  CHECK(McNemarExact({.only_a = 5, .only_b = 5}) == 1);
  CHECK(McNemarExact({.both = 10, .neither = 3}) == 1);
}

TEST_CASE("paired differences have Newcombe's intervals") {
  // of table II of his paper, to its four digits
  const Interval first = PairedDifference({36, 12, 2, 0}),
                 second = PairedDifference({20, 12, 2, 16});
  CHECK(first.low == Approx(0.0569).margin(5e-5));
  CHECK(first.high == Approx(0.3404).margin(5e-5));
  CHECK(second.low == Approx(0.0562).margin(5e-5));
  CHECK(second.high == Approx(0.3292).margin(5e-5));
  const Interval turned = PairedDifference({36, 2, 12, 0});
  CHECK(turned.low == Approx(-first.high));
  CHECK(turned.high == Approx(-first.low));
  CHECK(PairedDifference({}).low == -1);
  CHECK(PairedDifference({}).high == 1);
}

TEST_CASE("the sequential test decides when the evidence reaches 1 / alpha, and stands by it") {
  SequentialTest test(0.05);
  CHECK(test.evidence() == Approx(1));
  for (int i = 0; i < 5; ++i) test.Add(true, true);
  CHECK(test.evidence() == Approx(1));
  // 2^n / (n + 1) of n in a row: 16 after seven, 28.4 after eight
  for (int i = 0; i < 7; ++i) test.Add(false, true);
  CHECK(test.evidence() == Approx(16));
  CHECK(test.decided_after() == 0);
  test.Add(false, true);
  CHECK(test.evidence() == Approx(28.4444444));
  CHECK(test.decided_after() == 13);
  CHECK_FALSE(test.for_a());
  for (int i = 0; i < 8; ++i) test.Add(true, false);
  CHECK(test.decided_after() == 13);
  CHECK_FALSE(test.for_a());
}

TEST_CASE("of equal policies watched to the end, few are decided wrongly") {
  int decided = 0;
  constexpr int kTrials = 2000;
  for (int trial = 0; trial < kTrials; ++trial) {
    RandomStream random(1, "sequential", trial);
    SequentialTest test(0.05);
    for (int i = 0; i < 200; ++i) test.Add(random.Uniform() < 0.7, random.Uniform() < 0.7);
    decided += test.decided_after() > 0;
  }
  CHECK(decided < 0.05 * kTrials);
  CHECK(decided > 0);
}

class Runs {
 public:
  Runs() {
    std::string name = (fs::temp_directory_path() / "vega_compare_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~Runs() { fs::remove_all(folder_); }

  // a run whose episodes, two tasks in turn, end as `outcomes` says: 1 success, 0 failure, e error
  fs::path Write(const std::string& name, const std::string& outcomes, int seed = 0,
                 const std::string& suite = "libero_goal", int horizon = 300) const {
    const fs::path run = folder_ / name;
    fs::create_directories(run);
    std::ofstream(run / "manifest.json")
        << Json{{"config", {{"suite", suite}, {"policy", name}, {"wait_steps", 10}}},
                {"seeds", {{"reset", seed}, {"policy", seed}}},
                {"horizon", horizon}};
    std::ofstream lines(run / "episodes.jsonl");
    // the last first: the order on disk is no one's business
    for (size_t i = outcomes.size(); i-- > 0;) {
      const char end = outcomes[i];
      EpisodeRecord record{.suite = suite,
                           .task = static_cast<int>(i) % 2,
                           .task_name = i % 2 ? "open_it" : "close_it",
                           .episode = static_cast<int>(i) / 2,
                           .init = static_cast<int>(i) / 2,
                           .seed = static_cast<uint64_t>(seed)};
      record.outcome = end == '1'   ? Outcome::kSuccess
                       : end == '0' ? Outcome::kFailure
                                    : Outcome::kError;
      lines << ToJson(record) << "\n";
    }
    return run;
  }

  const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

TEST_CASE("runs are compared episode by episode") {
  const Runs runs;
  const fs::path a = runs.Write("a", "1111011e11"), b = runs.Write("b", "10000101");
  const Comparison comparison = Compare(ReadRuns(a), ReadRuns(b));
  REQUIRE(comparison.suites.size() == 1);
  const PairCounts& counts = comparison.suites[0].test.counts();
  CHECK(counts.both == 2);
  CHECK(counts.only_a == 4);
  CHECK(counts.only_b == 1);  // the error
  CHECK(counts.neither == 1);
  CHECK(comparison.suites[0].unpaired_a == 2);
  CHECK(comparison.suites[0].unpaired_b == 0);
  REQUIRE(comparison.suites[0].tasks.size() == 2);
  CHECK(comparison.suites[0].tasks[0].name == "close_it");
  CHECK(comparison.suites[0].tasks[0].counts.only_a == 2);
  const Json json = ToJson(comparison);
  CHECK(json["suites"][0]["rate_a"].get<double>() == Approx(0.75));
  CHECK(json["total"]["mcnemar_p"].get<double>() == Approx(0.375));
  CHECK(json["total"]["verdict"] == "not decided after 8");
  CHECK_THAT(Table(comparison), Contains("all of libero_goal") && Contains("not decided after 8"));
}

TEST_CASE("folders of runs are compared suite by suite and in all") {
  const Runs runs;
  for (const char* suite : {"libero_goal", "libero_object"}) {
    runs.Write(std::string("all_a/") + suite, "11111111", 0, suite);
    runs.Write(std::string("all_b/") + suite, "00000000", 0, suite);
  }
  const Comparison comparison =
      Compare(ReadRuns(runs.folder() / "all_a"), ReadRuns(runs.folder() / "all_b"));
  REQUIRE(comparison.suites.size() == 2);
  CHECK(comparison.suites[0].test.decided_after() == 8);
  CHECK(comparison.suites[0].test.for_a());
  CHECK(comparison.total.counts().only_a == 16);
  CHECK(comparison.total.decided_after() == 8);
}

TEST_CASE("runs of other episodes are not compared") {
  const Runs runs;
  const auto a = ReadRuns(runs.Write("a", "10"));
  CHECK_THROWS_WITH(Compare(a, ReadRuns(runs.Write("seed", "10", 3))),
                    Contains("seeds/reset is 0 there and 3 here"));
  CHECK_THROWS_WITH(Compare(a, ReadRuns(runs.Write("suite", "10", 0, "libero_object"))),
                    Contains("config/suite"));
  CHECK_THROWS_WITH(Compare(a, ReadRuns(runs.Write("horizon", "10", 0, "libero_goal", 220))),
                    Contains("horizon is 300 there and 220 here"));
  CHECK_THROWS_WITH(Compare(a, ReadRuns(runs.Write("empty", ""))), Contains("in common"));
  CHECK_THROWS_WITH(ReadRuns(runs.folder() / "nowhere"), Contains("not the folder of a run"));
  CHECK_THROWS_WITH(ReadRuns(runs.folder()), Contains("are both of suite libero_goal"));
}

}  // namespace
}  // namespace vega
