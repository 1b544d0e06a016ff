// Edit distance by the two-row dynamic programme.

#include "sim/base/nearest_names.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace vega {

int EditDistance(std::string_view a, std::string_view b) {
  std::vector<int> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    int diagonal = std::exchange(row[0], static_cast<int>(i));
    for (size_t j = 1; j <= b.size(); ++j) {
      const int replace = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replace, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string DidYouMean(std::string_view name, const std::vector<std::string>& names, int count) {
  std::vector<std::pair<int, const std::string*>> ranked;
  for (const std::string& candidate : names) {
    ranked.emplace_back(EditDistance(name, candidate), &candidate);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  ranked.resize(std::min(ranked.size(), static_cast<size_t>(count)));
  std::string hint;
  for (size_t i = 0; i < ranked.size(); ++i) {
    const bool last = i + 1 == ranked.size();
    hint += (i == 0 ? "did you mean "
             : last ? " or "
                    : ", ") +
            *ranked[i].second + (last ? "?" : "");
  }
  return hint;
}

}  // namespace vega
