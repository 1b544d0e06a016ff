#include "tasks/dataset/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/base/error.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;

double Quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

void RequireFinite(const std::vector<double>& values, int64_t width, const std::string& where) {
  const auto bad =
      std::find_if(values.begin(), values.end(), [](double v) { return !std::isfinite(v); });
  if (bad == values.end()) return;
  const int64_t at = bad - values.begin();
  throw Error(fmt::format("{}[{},{}] is {}", where, at / width, at % width, *bad),
              "vega dataset validate lists what else is wrong");
}

Json ToJson(const ColumnStatistics& s) {
  return {{"mean", s.mean}, {"std", s.std}, {"max", s.max},
          {"min", s.min},   {"q01", s.q01}, {"q99", s.q99}};
}

}  // namespace

ColumnStatistics Columns(std::span<const double> values, int64_t width) {
  ColumnStatistics s;
  s.count = static_cast<int64_t>(values.size()) / width;
  std::vector<double> column(s.count);
  for (int64_t c = 0; c < width && s.count > 0; ++c) {
    for (int64_t i = 0; i < s.count; ++i) column[i] = values[i * width + c];
    const double mean = std::accumulate(column.begin(), column.end(), 0.0) / s.count;
    double squares = 0;
    for (const double v : column) squares += (v - mean) * (v - mean);
    std::sort(column.begin(), column.end());
    s.min.push_back(column.front());
    s.max.push_back(column.back());
    s.mean.push_back(mean);
    s.std.push_back(std::sqrt(squares / s.count));
    s.q01.push_back(Quantile(column, 0.01));
    s.q10.push_back(Quantile(column, 0.10));
    s.q50.push_back(Quantile(column, 0.50));
    s.q90.push_back(Quantile(column, 0.90));
    s.q99.push_back(Quantile(column, 0.99));
  }
  return s;
}

std::vector<double> ProprioRows(const Hdf5Reader& reader, size_t demo, int64_t first,
                                int64_t count) {
  const std::vector<double> ee = reader.Numbers(demo, "obs/ee_states", first, count);
  const std::vector<double> gripper = reader.Numbers(demo, "obs/gripper_states", first, count);
  std::vector<double> rows;
  rows.reserve(count * kProprioSize);
  for (int64_t t = 0; t < count; ++t) {
    rows.insert(rows.end(), ee.begin() + 6 * t, ee.begin() + 6 * t + 6);
    rows.insert(rows.end(), gripper.begin() + 2 * t, gripper.begin() + 2 * t + 2);
  }
  return rows;
}

Json DatasetStatistics(const Hdf5Reader& reader, const std::string& name) {
  std::vector<double> actions, proprio;
  for (size_t i = 0; i < reader.demos().size(); ++i) {
    const int64_t first = reader.FirstExpertStep(i), steps = reader.demos()[i].steps - first;
    const std::string where = reader.Group(i).where();
    std::vector<double> acted;
    for (const Action& action : reader.Labels(i, first, steps)) {
      acted.insert(acted.end(), action.begin(), action.end());
    }
    RequireFinite(acted, 7, where + "/actions");
    actions.insert(actions.end(), acted.begin(), acted.end());
    const std::vector<double> sensed = ProprioRows(reader, i, first, steps);
    RequireFinite(sensed, kProprioSize, where + "/obs proprio");
    proprio.insert(proprio.end(), sensed.begin(), sensed.end());
  }
  Json action = ToJson(Columns(actions, 7));
  action["mask"] = {true, true, true, true, true, true, false};
  return {{name,
           {{"action", action},
            {"proprio", ToJson(Columns(proprio, kProprioSize))},
            {"num_transitions", actions.size() / 7},
            {"num_trajectories", reader.demos().size()}}}};
}

}  // namespace vega
