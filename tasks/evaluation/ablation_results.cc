#include "tasks/evaluation/ablation_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vega {
namespace {

using Json = nlohmann::ordered_json;

// successes and episodes of some runs
struct Tally {
  int successes = 0, n = 0, errors = 0;

  void Add(const std::vector<StoredRun>& runs) {
    for (const StoredRun& run : runs) {
      for (const EpisodeRecord& record : run.records) {
        ++n;
        successes += record.outcome == Outcome::kSuccess;
        errors += record.outcome == Outcome::kError;
      }
    }
  }
};

const SeedResult* FindSeed(const ArmResult& arm, uint64_t seed) {
  const auto found = std::find_if(arm.seeds.begin(), arm.seeds.end(),
                                  [&](const SeedResult& one) { return one.seed == seed; });
  return found == arm.seeds.end() ? nullptr : &*found;
}

// pairs of all seeds that both arms have played; A is `arm`, B `reference`
PairCounts Pairs(const ArmResult& arm, const ArmResult& reference, const std::string& evaluation) {
  PairCounts pairs;
  for (const SeedResult& mine : arm.seeds) {
    const SeedResult* theirs = FindSeed(reference, mine.seed);
    if (theirs == nullptr || !theirs->played.contains(evaluation)) continue;
    const auto played = mine.played.find(evaluation);
    if (played == mine.played.end()) continue;
    const PairCounts of_seed =
        Compare(played->second, theirs->played.at(evaluation)).total.counts();
    pairs.both += of_seed.both, pairs.neither += of_seed.neither;
    pairs.only_a += of_seed.only_a, pairs.only_b += of_seed.only_b;
  }
  return pairs;
}

// the held-out measure of every seed, and of the same seeds of another arm
std::vector<double> HeldOut(const ArmResult& arm, const ArmResult* less = nullptr) {
  std::vector<double> values;
  for (const SeedResult& seed : arm.seeds) {
    const auto mine = seed.held_out.find(kHeldOutMeasure);
    if (mine == seed.held_out.end()) continue;
    if (less == nullptr) {
      values.push_back(mine->second);
      continue;
    }
    const SeedResult* other = FindSeed(*less, seed.seed);
    if (other == nullptr || !other->held_out.contains(kHeldOutMeasure)) continue;
    values.push_back(mine->second - other->held_out.at(kHeldOutMeasure));
  }
  return values;
}

// mean and standard deviation
std::string Spread(const std::vector<double>& values, bool sign) {
  if (values.empty()) return "–";
  const auto n = static_cast<double>(values.size());
  double mean = 0, square = 0;
  for (const double value : values) mean += value / n;
  for (const double value : values) square += (value - mean) * (value - mean);
  const std::string text = sign ? fmt::format("{:+.4f}", mean) : fmt::format("{:.4f}", mean);
  return values.size() == 1 ? text : text + fmt::format(" ± {:.4f}", std::sqrt(square / (n - 1)));
}

std::string Rate(const Tally& tally) {
  if (tally.n == 0) return "–";
  const Interval interval = WilsonInterval(tally.successes, tally.n);
  std::string text =
      fmt::format("{:.1f} % [{:.1f}, {:.1f}] {}/{}", 100.0 * tally.successes / tally.n,
                  100 * interval.low, 100 * interval.high, tally.successes, tally.n);
  if (tally.errors > 0) text += fmt::format(", {} errors", tally.errors);
  return text;
}

std::string Gain(const PairCounts& pairs) {
  if (pairs.n() == 0) return "–";
  const Interval interval = PairedDifference(pairs);
  return fmt::format("{:+.1f} [{:+.1f}, {:+.1f}] p {:.3g}",
                     100.0 * (pairs.a() - pairs.b()) / pairs.n(), 100 * interval.low,
                     100 * interval.high, McNemarExact(pairs));
}

// a row of a Markdown table
std::string Row(const std::vector<std::string>& cells) {
  return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

std::string Head(std::vector<std::string> cells) {
  const std::vector<std::string> rule(cells.size(), "---");
  return Row(cells) + fmt::format("|{}|\n", fmt::join(rule, "|"));
}

std::string Label(const ArmResult& arm) {
  return arm.about.empty() ? arm.name : fmt::format("{}: {}", arm.name, arm.about);
}

}  // namespace

std::string ResultLines(const AblationResults& results) {
  std::string text;
  for (const ArmResult& arm : results.arms) {
    for (const SeedResult& seed : arm.seeds) {
      const Json head = {{"arm", arm.name}, {"seed", seed.seed}};
      if (!seed.held_out.empty()) {
        Json line = head;
        line["shift"] = nullptr;
        line["held_out"] = seed.held_out;
        text += line.dump() + "\n";
      }
      for (const std::string& evaluation : results.evaluations) {
        const auto played = seed.played.find(evaluation);
        if (played == seed.played.end()) continue;
        Tally tally;
        tally.Add(played->second);
        const Interval interval = WilsonInterval(tally.successes, tally.n);
        Json line = head;
        line["shift"] = evaluation;
        line["n"] = tally.n;
        line["successes"] = tally.successes;
        line["errors"] = tally.errors;
        line["success_rate"] = tally.n == 0 ? 0 : static_cast<double>(tally.successes) / tally.n;
        line["wilson_95"] = {interval.low, interval.high};
        text += line.dump() + "\n";
      }
    }
  }
  return text;
}

int CountErrors(const AblationResults& results) {
  Tally tally;
  for (const ArmResult& arm : results.arms) {
    for (const SeedResult& seed : arm.seeds) {
      for (const auto& [_, runs] : seed.played) tally.Add(runs);
    }
  }
  return tally.errors;
}

std::string ResultTable(const AblationResults& results) {
  std::vector<std::string> columns = {"arm", "seeds", "held-out action L1"};
  columns.insert(columns.end(), results.evaluations.begin(), results.evaluations.end());
  std::string rates = Head(columns), gains;
  const ArmResult* reference = nullptr;
  for (const ArmResult& arm : results.arms) {
    if (arm.name == results.reference) reference = &arm;
  }
  for (const ArmResult& arm : results.arms) {
    std::vector<std::string> row = {Label(arm), std::to_string(arm.seeds.size()),
                                    Spread(HeldOut(arm), false)};
    std::vector<std::string> gain = {arm.name};
    if (reference != nullptr) gain.push_back(Spread(HeldOut(arm, reference), true));
    for (const std::string& evaluation : results.evaluations) {
      Tally tally;
      for (const SeedResult& seed : arm.seeds) {
        const auto played = seed.played.find(evaluation);
        if (played != seed.played.end()) tally.Add(played->second);
      }
      row.push_back(Rate(tally));
      if (reference != nullptr) gain.push_back(Gain(Pairs(arm, *reference, evaluation)));
    }
    rates += Row(row);
    if (reference != nullptr && &arm != reference) gains += Row(gain);
  }
  std::string text =
      "Success: all seeds together, with the Wilson 95 % interval. Held-out: mean and standard "
      "deviation over seeds; lower is better.\n\n" +
      rates;
  if (gains.empty()) return text;
  columns.erase(columns.begin() + 1);
  columns[1] = "held-out action L1";
  return text +
         fmt::format(
             "\nLess {0} on the same seeds and episodes: points of success with Newcombe's "
             "95 % interval and McNemar's exact p. Episodes of several seeds share initial "
             "states; p values are not corrected for their number.\n\n",
             results.reference) +
         Head(columns) + gains;
}

}  // namespace vega
