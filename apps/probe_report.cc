// Means over scenes, as JSON and as a table.

#include "apps/probe_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vega {
namespace {

using Json = nlohmann::ordered_json;

// tower and tokens, then columns of all pairs, adjacent pairs, finds and matches
constexpr char kRow[] =
    "{:<{}} {:>8} | {:>6} {:>6} {:>6} {:>6} {:>6} | {:>6} {:>6} | "
    "{:>6} {:>6} {:>6} | {:>6} {:>6} {:>6}\n";

Json Share(int64_t part, int64_t whole) {
  return whole == 0 ? Json() : Json(static_cast<double>(part) / static_cast<double>(whole));
}

// scores of pairs of views, and of the same pairs with the second view elsewhere
Json ToJson(const PairMean& pairs, const PairMean& elsewhere) {
  if (pairs.pairs == 0) return {{"pairs", 0}};
  const PairScore &m = pairs.mean, &e = elsewhere.mean;
  const auto there = [&](double value) { return elsewhere.pairs == 0 ? Json() : Json(value); };
  return {{"pairs", pairs.pairs},
          {"shared_voxels", m.shared},
          {"score", m.score},
          {"score_std", pairs.score_std},
          {"chance", m.chance},
          {"score_elsewhere", there(e.score)},
          {"margin", there(m.score - e.score)},
          {"retrieval_at_1", m.retrieval},
          {"retrieval_blind", m.retrieval_chance},
          {"retrieval_elsewhere", there(e.retrieval)},
          {"matches", m.matches},
          {"match_accuracy", Share(m.matches_right, m.matches)},
          {"match_blind", m.match_chance},
          {"match_elsewhere", Share(e.matches_right, e.matches)},
          {"confident_matches", m.confident},
          {"confident_accuracy", Share(m.confident_right, m.confident)}};
}

struct OverScenes {
  PairMean mean;
  int64_t scenes = 0;
  double score_by_pairs = 0;  // each pair of views counted once
};

// Scenes without a pair that shares a voxel do not count.
OverScenes Average(const std::vector<ProbedScene>& scenes, size_t tower,
                   PairMean SceneScore::*which) {
  OverScenes out;
  std::vector<double> scores;
  PairScore& m = out.mean.mean;
  for (const ProbedScene& scene : scenes) {
    const PairMean& s = scene.scores[tower].*which;
    if (s.pairs == 0) continue;
    scores.push_back(s.mean.score);
    out.score_by_pairs += s.mean.score * static_cast<double>(s.pairs);
    out.mean.pairs += s.pairs;
    m.shared += s.mean.shared, m.matches += s.mean.matches, m.confident += s.mean.confident;
    m.matches_right += s.mean.matches_right, m.confident_right += s.mean.confident_right;
    m.score += s.mean.score, m.chance += s.mean.chance, m.match_chance += s.mean.match_chance;
    m.retrieval += s.mean.retrieval, m.retrieval_chance += s.mean.retrieval_chance;
  }
  out.scenes = static_cast<int64_t>(scores.size());
  if (scores.empty()) return out;
  const auto n = static_cast<double>(scores.size());
  for (double* x : {&m.score, &m.chance, &m.match_chance, &m.retrieval, &m.retrieval_chance}) {
    *x /= n;
  }
  double square = 0;
  for (const double score : scores) square += (score - m.score) * (score - m.score);
  if (scores.size() > 1) out.mean.score_std = std::sqrt(square / (n - 1));
  out.score_by_pairs /= static_cast<double>(out.mean.pairs);
  return out;
}

// Standard error over scenes of the margin, score less score elsewhere.
Json MarginError(const std::vector<ProbedScene>& scenes, size_t tower, PairMean SceneScore::*which,
                 PairMean SceneScore::*elsewhere) {
  std::vector<double> margins;
  for (const ProbedScene& scene : scenes) {
    const PairMean &s = scene.scores[tower].*which, &e = scene.scores[tower].*elsewhere;
    if (e.pairs > 0) margins.push_back(s.mean.score - e.mean.score);
  }
  if (margins.size() < 2) return {};
  const auto n = static_cast<double>(margins.size());
  double mean = 0, square = 0;
  for (const double margin : margins) mean += margin / n;
  for (const double margin : margins) square += (margin - mean) * (margin - mean);
  return std::sqrt(square / (n - 1) / n);
}

Json Summary(const std::vector<ProbedScene>& scenes, size_t tower, PairMean SceneScore::*which,
             PairMean SceneScore::*elsewhere) {
  const OverScenes here = Average(scenes, tower, which);
  Json json = ToJson(here.mean, Average(scenes, tower, elsewhere).mean);
  json["scenes"] = here.scenes;
  if (here.scenes == 0) return json;
  json["score_by_pairs"] = here.score_by_pairs;
  json["margin_error"] = MarginError(scenes, tower, which, elsewhere);
  return json;
}

std::string Cell(const Json& of, const char* key) {
  return of.contains(key) && of[key].is_number() ? fmt::format("{:.3f}", of[key].get<double>())
                                                 : "-";
}

}  // namespace

Json CorrespondenceJson(const std::vector<ProbedTower>& towers,
                        const std::vector<ProbedScene>& scenes) {
  Json json;
  json["towers"] = Json::array();
  for (size_t i = 0; i < towers.size(); ++i) {
    json["towers"].push_back(
        {{"name", towers[i].name},
         {"weights", towers[i].weights},
         {"grid", towers[i].grid},
         {"width", towers[i].width},
         {"all", Summary(scenes, i, &SceneScore::all, &SceneScore::all_elsewhere)},
         {"adjacent", Summary(scenes, i, &SceneScore::adjacent, &SceneScore::adjacent_elsewhere)}});
  }
  json["scenes"] = Json::array();
  for (const ProbedScene& scene : scenes) {
    Json scores;
    for (size_t i = 0; i < towers.size(); ++i) {
      scores[towers[i].name] = {
          {"all", ToJson(scene.scores[i].all, scene.scores[i].all_elsewhere)},
          {"adjacent", ToJson(scene.scores[i].adjacent, scene.scores[i].adjacent_elsewhere)}};
    }
    json["scenes"].push_back({{"suite", scene.suite}, {"task", scene.task}, {"towers", scores}});
  }
  return json;
}

std::string CorrespondenceTable(const Json& results) {
  size_t width = 5;
  for (const Json& tower : results["towers"]) {
    width = std::max(width, tower["name"].get<std::string>().size());
  }
  std::string text =
      fmt::format(kRow, "", width, "", "all", "pairs", "else-", "", "+-", "adja-", "cent", "found",
                  "blind", "else-", "match", "blind", "else-") +
      fmt::format(kRow, "tower", width, "tokens", "score", "chance", "where", "margin", "", "score",
                  "margin", "at 1", "", "where", "right", "", "where");
  for (const Json& tower : results["towers"]) {
    const Json &all = tower["all"], &adjacent = tower["adjacent"];
    const int64_t grid = tower["grid"], dim = tower["width"];
    text += fmt::format(
        kRow, tower["name"].get<std::string>(), width, fmt::format("{}x{}", grid * grid, dim),
        Cell(all, "score"), Cell(all, "chance"), Cell(all, "score_elsewhere"), Cell(all, "margin"),
        Cell(all, "margin_error"), Cell(adjacent, "score"), Cell(adjacent, "margin"),
        Cell(all, "retrieval_at_1"), Cell(all, "retrieval_blind"), Cell(all, "retrieval_elsewhere"),
        Cell(all, "match_accuracy"), Cell(all, "match_blind"), Cell(all, "match_elsewhere"));
  }
  return text;
}

}  // namespace vega
