#include "tasks/reset/start_variation.h"

#include <utility>

namespace vega {
namespace {

bool OnWorkspace(const SpotDraw& spot) {
  return spot.kind == SpotKind::kObjectOnWorkspace || spot.kind == SpotKind::kFixtureOnWorkspace;
}

void Exchange(SpotDraw& a, SpotDraw& b) {
  std::swap(a.ranges, b.ranges);
  if (a.kind == SpotKind::kFixtureOnWorkspace) std::swap(a.rotations, b.rotations);
}

std::vector<std::pair<size_t, size_t>> Pairs(const std::vector<SpotDraw>& spots) {
  std::vector<std::pair<size_t, size_t>> all, of_goal;
  for (size_t a = 0; a < spots.size(); ++a) {
    for (size_t b = a + 1; b < spots.size(); ++b) {
      if (!OnWorkspace(spots[a]) || spots[a].kind != spots[b].kind) continue;
      all.emplace_back(a, b);
      if (spots[a].in_goal || spots[b].in_goal) of_goal.emplace_back(a, b);
    }
  }
  return of_goal.empty() ? all : of_goal;
}

}  // namespace

std::vector<SpotDraw> Varied(const std::vector<SpotDraw>& spots, const StartVariation& variation,
                             NumpyRandom& random) {
  std::vector<SpotDraw> varied = spots;
  const std::vector<std::pair<size_t, size_t>> pairs = Pairs(spots);
  for (int i = 0; i < variation.exchange && !pairs.empty(); ++i) {
    const auto& [a, b] = pairs[random.Below(static_cast<uint32_t>(pairs.size()))];
    Exchange(varied[a], varied[b]);
  }
  for (SpotDraw& spot : varied) {
    if (variation.scatter <= 0 || spot.kind != SpotKind::kObjectOnWorkspace) continue;
    const double dx = random.Uniform(-variation.scatter, variation.scatter);
    const double dy = random.Uniform(-variation.scatter, variation.scatter);
    for (auto& [x0, y0, x1, y1] : spot.ranges) x0 += dx, x1 += dx, y0 += dy, y1 += dy;
  }
  return varied;
}

}  // namespace vega
