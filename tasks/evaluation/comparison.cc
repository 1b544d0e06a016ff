#include "tasks/evaluation/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "sim/base/error.h"
#include "sim/base/file.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

// what decides an episode besides the policy; pictures may differ, they are part of what is
// compared
constexpr const char* kMustAgree[] = {"/config/suite",   "/config/wait_steps", "/config/shift",
                                      "/seeds/reset",    "/seeds/policy",      "/horizon",
                                      "/versions/mujoco"};

StoredRun ReadRun(const fs::path& folder) {
  StoredRun run{.folder = folder};
  run.manifest = Json::parse(MappedFile(folder / "manifest.json").text(), nullptr, false);
  if (!run.manifest.is_object() || !run.manifest.contains("config")) {
    throw Error((folder / "manifest.json").string() + " is no manifest of vega eval",
                "give the --out folder of a run");
  }
  const fs::path file = folder / "episodes.jsonl";
  if (!fs::exists(file)) return run;
  const MappedFile mapped(file);
  const std::string_view text = mapped.text();
  int number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    if (end == text.npos) break;  // torn by a kill, or being written
    run.records.push_back(ParseRecord(std::string(text.substr(at, end - at)),
                                      fmt::format("{}:{}", file.string(), ++number)));
    at = end + 1;
  }
  return run;
}

std::string SuiteOf(const StoredRun& run) {
  const Json suite = run.manifest.value(Json::json_pointer("/config/suite"), Json());
  return suite.is_string() ? suite.get<std::string>() : std::string();
}

void RequireSameEpisodes(const StoredRun& a, const StoredRun& b) {
  for (const char* key : kMustAgree) {
    const Json::json_pointer at(key);
    const Json of_a = a.manifest.value(at, Json()), of_b = b.manifest.value(at, Json());
    if (of_a == of_b) continue;
    throw Error(fmt::format("{} and {} are not of the same episodes: {} is {} there and {} here",
                            a.folder.string(), b.folder.string(), std::string(key).substr(1),
                            of_a.dump(), of_b.dump()),
                "run both with the same suite, seed, horizon and data");
  }
}

// what makes two episodes the same; in the order pairs are looked at
using PairKey = std::tuple<int, int, std::string, int, uint64_t>;

std::map<PairKey, const EpisodeRecord*> ByKey(const StoredRun& run) {
  std::map<PairKey, const EpisodeRecord*> episodes;
  for (const EpisodeRecord& r : run.records) {
    if (episodes.emplace(PairKey{r.episode, r.task, r.task_name, r.init, r.seed}, &r).second) {
      continue;
    }
    throw Error(fmt::format("{}: task {} episode {} is there twice", run.folder.string(), r.task,
                            r.episode),
                "delete one of the lines in episodes.jsonl");
  }
  return episodes;
}

SuiteComparison CompareSuite(const StoredRun& a, const StoredRun& b, double alpha) {
  RequireSameEpisodes(a, b);
  const auto of_a = ByKey(a), of_b = ByKey(b);
  SuiteComparison suite{.suite = SuiteOf(a), .test = SequentialTest(alpha)};
  std::map<int, PairedScore> tasks;
  int paired = 0;
  for (const auto& [key, record] : of_a) {
    const auto partner = of_b.find(key);
    if (partner == of_b.end()) continue;
    const bool a_succeeds = record->outcome == Outcome::kSuccess;
    const bool b_succeeds = partner->second->outcome == Outcome::kSuccess;
    PairedScore& task = tasks[record->task];
    task.name = record->task_name;
    task.counts.Add(a_succeeds, b_succeeds);
    suite.test.Add(a_succeeds, b_succeeds);
    ++paired;
  }
  suite.unpaired_a = static_cast<int>(of_a.size()) - paired;
  suite.unpaired_b = static_cast<int>(of_b.size()) - paired;
  for (auto& [_, task] : tasks) suite.tasks.push_back(std::move(task));
  return suite;
}

std::string PolicyOf(const StoredRun& run) {
  const Json name = run.manifest.value(Json::json_pointer("/config/policy"), Json());
  return name.is_string() ? name.get<std::string>() : "unknown";
}

Json ToJson(const Interval& interval) { return {interval.low, interval.high}; }

Json ToJson(const PairCounts& c) {
  const auto rate = [&](int successes) {
    return c.n() == 0 ? 0 : static_cast<double>(successes) / c.n();
  };
  return {{"pairs", c.n()},
          {"both", c.both},
          {"only_a", c.only_a},
          {"only_b", c.only_b},
          {"neither", c.neither},
          {"rate_a", rate(c.a())},
          {"wilson95_a", ToJson(WilsonInterval(c.a(), c.n()))},
          {"rate_b", rate(c.b())},
          {"wilson95_b", ToJson(WilsonInterval(c.b(), c.n()))},
          {"difference", rate(c.a()) - rate(c.b())},
          {"difference95", ToJson(PairedDifference(c))},
          {"mcnemar_p", McNemarExact(c)}};
}

std::string Verdict(const SequentialTest& test) {
  if (test.decided_after() == 0) return fmt::format("not decided after {}", test.counts().n());
  return fmt::format("decided for {} after {} pairs", test.for_a() ? "A" : "B",
                     test.decided_after());
}

Json ToJson(const SequentialTest& test) {
  Json json = ToJson(test.counts());
  json["evidence"] = test.evidence();
  json["decided_for"] = test.decided_after() == 0 ? Json() : Json(test.for_a() ? "A" : "B");
  json["decided_after"] = test.decided_after() == 0 ? Json() : Json(test.decided_after());
  json["verdict"] = Verdict(test);
  return json;
}

std::string Percent(int successes, int n) {
  const Interval interval = WilsonInterval(successes, n);
  return fmt::format("{:5.1f} % [{:.1f}, {:.1f}]", 100.0 * successes / std::max(n, 1),
                     100 * interval.low, 100 * interval.high);
}

std::string Row(const std::string& name, const PairCounts& c) {
  const Interval d = PairedDifference(c);
  return fmt::format(
      "{:>5} {:>5} {:>6} {:>6} {:>7}  {:>22} {:>22}  {:>+6.1f} [{:+.1f}, {:+.1f}]  {:<7.3g} {}\n",
      c.n(), c.both, c.only_a, c.only_b, c.neither, Percent(c.a(), c.n()), Percent(c.b(), c.n()),
      100.0 * (c.a() - c.b()) / std::max(c.n(), 1), 100 * d.low, 100 * d.high, McNemarExact(c),
      name);
}

}  // namespace

std::vector<StoredRun> ReadRuns(const fs::path& folder) {
  std::vector<StoredRun> runs;
  if (fs::exists(folder / "manifest.json")) {
    runs.push_back(ReadRun(folder));
  } else if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (fs::exists(entry.path() / "manifest.json")) runs.push_back(ReadRun(entry.path()));
    }
  }
  if (runs.empty()) {
    throw Error(folder.string() + " is not the folder of a run, and holds none",
                "give the --out folder of vega eval");
  }
  std::sort(runs.begin(), runs.end(),
            [](const StoredRun& a, const StoredRun& b) { return SuiteOf(a) < SuiteOf(b); });
  for (size_t i = 1; i < runs.size(); ++i) {
    if (SuiteOf(runs[i - 1]) != SuiteOf(runs[i])) continue;
    throw Error(fmt::format("{} and {} are both of suite {}", runs[i - 1].folder.string(),
                            runs[i].folder.string(), SuiteOf(runs[i])),
                "give the folder of one of them");
  }
  return runs;
}

Comparison Compare(const std::vector<StoredRun>& a, const std::vector<StoredRun>& b, double alpha) {
  Comparison comparison{
      .policy_a = PolicyOf(a.at(0)), .policy_b = PolicyOf(b.at(0)), .total = SequentialTest(alpha)};
  std::vector<std::pair<const EpisodeRecord*, const EpisodeRecord*>> pairs;
  if (a.size() == 1 && b.size() == 1) {
    RequireSameEpisodes(a[0], b[0]);  // two suites: say so, not that nothing is common
  }
  for (const StoredRun& run : a) {
    const auto partner = std::find_if(
        b.begin(), b.end(), [&](const StoredRun& other) { return SuiteOf(other) == SuiteOf(run); });
    if (partner == b.end()) continue;
    comparison.suites.push_back(CompareSuite(run, *partner, alpha));
    const auto of_a = ByKey(run), of_b = ByKey(*partner);
    for (const auto& [key, record] : of_a) {
      const auto found = of_b.find(key);
      if (found != of_b.end()) pairs.emplace_back(record, found->second);
    }
  }
  if (pairs.empty()) {
    throw Error(fmt::format("{} and {} have no episode in common", a[0].folder.string(),
                            b[0].folder.string()),
                "run both on the same suite and tasks");
  }
  // suites in turn, as tasks are within one
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& x, const auto& y) {
    return x.first->episode < y.first->episode;
  });
  for (const auto& [mine, theirs] : pairs) {
    comparison.total.Add(mine->outcome == Outcome::kSuccess, theirs->outcome == Outcome::kSuccess);
  }
  return comparison;
}

Json ToJson(const Comparison& comparison) {
  Json json = {{"a", comparison.policy_a}, {"b", comparison.policy_b}, {"suites", Json::array()}};
  for (const SuiteComparison& suite : comparison.suites) {
    Json row = ToJson(suite.test);
    row["suite"] = suite.suite;
    row["unpaired_a"] = suite.unpaired_a;
    row["unpaired_b"] = suite.unpaired_b;
    row["tasks"] = Json::array();
    for (const PairedScore& task : suite.tasks) {
      Json one = ToJson(task.counts);
      one["task"] = task.name;
      row["tasks"].push_back(std::move(one));
    }
    json["suites"].push_back(std::move(row));
  }
  json["total"] = ToJson(comparison.total);
  return json;
}

std::string Table(const Comparison& comparison) {
  std::string text = fmt::format("A {}\nB {}\n", comparison.policy_a, comparison.policy_b) +
                     fmt::format("{:>5} {:>5} {:>6} {:>6} {:>7}  {:>22} {:>22}  {:<22} {:<7} {}\n",
                                 "pairs", "both", "only A", "only B", "neither", "A [95 %]",
                                 "B [95 %]", "A - B, points [95 %]", "p", "task");
  std::string verdicts;
  for (const SuiteComparison& suite : comparison.suites) {
    for (const PairedScore& task : suite.tasks) text += Row(task.name, task.counts);
    text += Row("all of " + suite.suite, suite.test.counts());
    verdicts += fmt::format("{}: {}\n", suite.suite, Verdict(suite.test));
    if (suite.unpaired_a + suite.unpaired_b > 0) {
      verdicts += fmt::format("{}: left out, not in both: {} episodes of A, {} of B\n", suite.suite,
                              suite.unpaired_a, suite.unpaired_b);
    }
  }
  if (comparison.suites.size() > 1) {
    text += Row("all", comparison.total.counts());
    verdicts += fmt::format("all: {}\n", Verdict(comparison.total));
  }
  return text + verdicts;
}

}  // namespace vega
