// Scores of linear probes, as JSON and as tables.

#include "apps/linear_report.h"

#include <fmt/format.h>

#include <algorithm>

namespace vega {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kSpatialRow[] =
    "{:<{}} {:>8} | {:>6} {:>6} {:>6} {:>6} {:>6} | {:>6} {:>6} {:>6} {:>6} {:>6} | {:>6} {:>6}\n";
constexpr char kGroundingRow[] =
    "{:<{}} {:>8} | {:>6} {:>6} {:>6} {:>6} {:>6} | {:>6} {:>6} {:>6} {:>6}\n";

Json ToJson(const SpatialFit& fit) {
  return {{"depth_r2", fit.depth_r2},
          {"depth_cm", fit.depth_cm},
          {"depth_cm_error", fit.depth_cm_error},
          {"position_r2", fit.position_r2},
          {"position_cm", fit.position_cm},
          {"position_cm_error", fit.position_cm_error}};
}

Json ToJson(const GroundingFit& fit) {
  return {
      {"accuracy", fit.accuracy}, {"accuracy_error", fit.accuracy_error}, {"mean_ap", fit.mean_ap}};
}

Json ToJson(const ProbedTower& tower) {
  return {{"name", tower.name},
          {"weights", tower.weights},
          {"grid", tower.grid},
          {"width", tower.width}};
}

size_t NameWidth(const Json& results) {
  size_t width = 5;
  for (const Json& tower : results["towers"]) {
    width = std::max(width, tower["name"].get<std::string>().size());
  }
  return width;
}

std::string Tokens(const Json& tower) {
  const int64_t grid = tower["grid"];
  return fmt::format("{}x{}", grid * grid, tower["width"].get<int64_t>());
}

}  // namespace

Json SpatialJson(const std::vector<ProbedTower>& towers, const std::vector<SpatialScore>& scores) {
  Json json;
  json["towers"] = Json::array();
  for (size_t i = 0; i < towers.size(); ++i) {
    const SpatialScore& s = scores[i];
    Json tower = ToJson(towers[i]);
    tower.update({{"cells", s.cells},
                  {"depth_cm_blind", s.depth_cm_blind},
                  {"position_cm_blind", s.position_cm_blind},
                  {"tokens", ToJson(s.tokens)},
                  {"place", ToJson(s.place)},
                  {"both", ToJson(s.both)}});
    json["towers"].push_back(tower);
  }
  return json;
}

Json GroundingJson(const std::vector<ProbedTower>& towers,
                   const std::vector<GroundingScore>& scores) {
  Json json;
  json["towers"] = Json::array();
  for (size_t i = 0; i < towers.size(); ++i) {
    const GroundingScore& s = scores[i];
    Json tower = ToJson(towers[i]);
    tower.update({{"cells", s.cells},
                  {"categories", s.categories},
                  {"objects", s.objects},
                  {"accuracy_blind", s.accuracy_blind},
                  {"mean_ap_blind", s.mean_ap_blind},
                  {"tokens", ToJson(s.tokens)},
                  {"place", ToJson(s.place)},
                  {"both", ToJson(s.both)}});
    json["towers"].push_back(tower);
  }
  return json;
}

std::string SpatialTable(const Json& results) {
  const size_t width = NameWidth(results);
  std::string text = fmt::format(kSpatialRow, "", width, "", "depth", "cm", "+-", "place", "blind",
                                 "where", "cm", "+-", "place", "blind", "both,", "place") +
                     fmt::format(kSpatialRow, "tower", width, "tokens", "R2", "off", "", "cm", "cm",
                                 "R2", "off", "", "cm", "cm", "dep.cm", "pos.cm");
  const auto number = [](const Json& of, const char* key) {
    return fmt::format("{:.2f}", of[key].get<double>());
  };
  for (const Json& t : results["towers"]) {
    const Json &own = t["tokens"], &place = t["place"], &both = t["both"];
    text += fmt::format(
        kSpatialRow, t["name"].get<std::string>(), width, Tokens(t), number(own, "depth_r2"),
        number(own, "depth_cm"), number(own, "depth_cm_error"), number(place, "depth_cm"),
        number(t, "depth_cm_blind"), number(own, "position_r2"), number(own, "position_cm"),
        number(own, "position_cm_error"), number(place, "position_cm"),
        number(t, "position_cm_blind"), number(both, "depth_cm"), number(both, "position_cm"));
  }
  return text;
}

std::string GroundingTable(const Json& results) {
  const size_t width = NameWidth(results);
  std::string text =
      fmt::format(kGroundingRow, "", width, "", "right", "+-", "place", "both", "blind", "mean",
                  "place", "both", "blind") +
      fmt::format(kGroundingRow, "tower", width, "tokens", "", "", "", "", "", "AP", "", "", "");
  const auto number = [](const Json& of, const char* key) {
    return fmt::format("{:.3f}", of[key].get<double>());
  };
  for (const Json& t : results["towers"]) {
    const Json &own = t["tokens"], &place = t["place"], &both = t["both"];
    text += fmt::format(
        kGroundingRow, t["name"].get<std::string>(), width, Tokens(t), number(own, "accuracy"),
        number(own, "accuracy_error"), number(place, "accuracy"), number(both, "accuracy"),
        number(t, "accuracy_blind"), number(own, "mean_ap"), number(place, "mean_ap"),
        number(both, "mean_ap"), number(t, "mean_ap_blind"));
  }
  if (!results["towers"].empty()) {
    const Json& first = results["towers"][0];
    text += fmt::format("{} categories that scenes of two folds share, {} of them objects\n",
                        first["categories"].get<int64_t>(), first["objects"].get<int64_t>());
  }
  return text;
}

}  // namespace vega
