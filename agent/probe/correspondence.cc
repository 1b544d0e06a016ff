// Voxels, cosines and nearest neighbours of two views.

#include "agent/probe/correspondence.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "agent/shapes.h"

namespace vega {
namespace {

using Voxel = std::array<int64_t, 3>;

at::Tensor Normalized(const at::Tensor& x) { return x / x.norm(2, -1, true).clamp_min(1e-12); }

std::vector<int64_t> ValidCells(const std::vector<CellPoint>& cells) {
  std::vector<int64_t> valid;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].valid) valid.push_back(static_cast<int64_t>(i));
  }
  return valid;
}

void LowerCorner(const std::vector<CellPoint>& cells, std::array<double, 3>& corner) {
  for (const CellPoint& cell : cells) {
    for (int i = 0; cell.valid && i < 3; ++i) corner[i] = std::min(corner[i], cell.position[i]);
  }
}

// A view's voxels and their features [voxels,D], in the order of the map.
struct VoxelFeatures {
  std::map<Voxel, int64_t> index;
  at::Tensor features;
};

VoxelFeatures Voxels(const at::Tensor& tokens, const std::vector<CellPoint>& cells,
                     const std::array<double, 3>& corner, double side) {
  std::map<Voxel, std::vector<int64_t>> members;
  for (const int64_t i : ValidCells(cells)) {
    Voxel voxel;
    for (int k = 0; k < 3; ++k) {
      voxel[k] = static_cast<int64_t>(std::floor((cells[i].position[k] - corner[k]) / side));
    }
    members[voxel].push_back(i);
  }
  VoxelFeatures out;
  std::vector<at::Tensor> rows;
  for (const auto& [voxel, cells_of] : members) {
    out.index[voxel] = static_cast<int64_t>(rows.size());
    rows.push_back(tokens.index_select(0, at::tensor(cells_of)).mean(0));
  }
  if (!rows.empty()) out.features = Normalized(at::stack(rows));
  return out;
}

bool Near(const CellPoint& a, const CellPoint& b, double distance) {
  double square = 0;
  for (int i = 0; i < 3; ++i)
    square += (a.position[i] - b.position[i]) * (a.position[i] - b.position[i]);
  return square <= distance * distance;
}

void ScoreVoxels(const VoxelFeatures& a, const VoxelFeatures& b, PairScore& out) {
  if (a.index.empty() || b.index.empty()) return;
  const at::Tensor cosine = a.features.matmul(b.features.t());  // [voxels a, voxels b]
  const at::Tensor best_b = cosine.argmax(1), best_a = cosine.argmax(0);
  double same = 0;
  int64_t found = 0;
  for (const auto& [voxel, i] : a.index) {
    const auto other = b.index.find(voxel);
    if (other == b.index.end()) continue;
    const int64_t j = other->second;
    ++out.shared;
    same += cosine[i][j].item<double>();
    found += (best_b[i].item<int64_t>() == j) + (best_a[j].item<int64_t>() == i);
  }
  const int64_t different = cosine.numel() - out.shared;
  if (out.shared == 0) return;
  const auto shared = static_cast<double>(out.shared);
  out.score = same / shared;
  out.chance = different == 0 ? out.score
                              : (cosine.sum(at::kDouble).item<double>() - same) /
                                    static_cast<double>(different);
  out.retrieval = static_cast<double>(found) / (2 * shared);
  out.retrieval_chance =
      0.5 / static_cast<double>(a.index.size()) + 0.5 / static_cast<double>(b.index.size());
}

void ScoreMatches(const std::vector<CellMatch>& matches, const std::vector<CellPoint>& cells_a,
                  const std::vector<CellPoint>& cells_b, const CorrespondenceOptions& options,
                  PairScore& out) {
  for (const CellMatch& match : matches) {
    ++out.matches;
    out.matches_right += match.right;
    if (match.cosine < options.min_cosine) continue;
    ++out.confident;
    out.confident_right += match.right;
  }
  int64_t near = 0, pairs = 0;
  for (const CellPoint& a : cells_a) {
    for (const CellPoint& b : cells_b) {
      if (!a.valid || !b.valid) continue;
      ++pairs;
      near += Near(a, b, options.voxel);
    }
  }
  out.match_chance = static_cast<double>(near) / static_cast<double>(std::max<int64_t>(1, pairs));
}

PairMean Mean(const std::vector<PairScore>& pairs) {
  PairMean out;
  out.pairs = static_cast<int64_t>(pairs.size());
  const double count = std::max<double>(1, static_cast<double>(pairs.size()));
  PairScore& m = out.mean;
  for (const PairScore& p : pairs) {
    m.shared += p.shared, m.matches += p.matches, m.matches_right += p.matches_right;
    m.confident += p.confident, m.confident_right += p.confident_right;
    m.score += p.score / count, m.chance += p.chance / count;
    m.retrieval += p.retrieval / count, m.retrieval_chance += p.retrieval_chance / count;
    m.match_chance += p.match_chance / count;
  }
  double square = 0;
  for (const PairScore& p : pairs) square += (p.score - m.score) * (p.score - m.score);
  if (pairs.size() > 1) out.score_std = std::sqrt(square / (count - 1));
  return out;
}

}  // namespace

std::vector<CellMatch> MutualMatches(const at::Tensor& tokens_a,
                                     const std::vector<CellPoint>& cells_a,
                                     const at::Tensor& tokens_b,
                                     const std::vector<CellPoint>& cells_b, double voxel) {
  const std::vector<int64_t> valid_a = ValidCells(cells_a), valid_b = ValidCells(cells_b);
  if (valid_a.empty() || valid_b.empty()) return {};
  const at::Tensor a = Normalized(tokens_a.index_select(0, at::tensor(valid_a)));
  const at::Tensor b = Normalized(tokens_b.index_select(0, at::tensor(valid_b)));
  const at::Tensor cosine = a.matmul(b.t());
  const at::Tensor best_b = cosine.argmax(1), best_a = cosine.argmax(0);
  std::vector<CellMatch> matches;
  for (int64_t i = 0; i < best_b.numel(); ++i) {
    const int64_t j = best_b[i].item<int64_t>();
    if (best_a[j].item<int64_t>() != i) continue;
    const int64_t cell_a = valid_a[i], cell_b = valid_b[j];
    matches.push_back({static_cast<int>(cell_a), static_cast<int>(cell_b),
                       cosine[i][j].item<double>(), Near(cells_a[cell_a], cells_b[cell_b], voxel)});
  }
  return matches;
}

PairScore ScorePair(const at::Tensor& tokens_a, const std::vector<CellPoint>& cells_a,
                    const at::Tensor& tokens_b, const std::vector<CellPoint>& cells_b,
                    const CorrespondenceOptions& options) {
  RequireShape(tokens_a, {static_cast<int64_t>(cells_a.size()), -1}, "tokens", "[G*G,D]");
  RequireShape(tokens_b, {static_cast<int64_t>(cells_b.size()), tokens_a.size(1)}, "tokens",
               "[G*G,D]");
  const at::Tensor a = Normalized(tokens_a), b = Normalized(tokens_b);
  constexpr double kFar = std::numeric_limits<double>::infinity();
  std::array<double, 3> corner = {kFar, kFar, kFar};
  LowerCorner(cells_a, corner);
  LowerCorner(cells_b, corner);
  PairScore out;
  ScoreVoxels(Voxels(a, cells_a, corner, options.voxel), Voxels(b, cells_b, corner, options.voxel),
              out);
  if (out.shared == 0) return out;
  ScoreMatches(MutualMatches(a, cells_a, b, cells_b, options.voxel), cells_a, cells_b, options,
               out);
  return out;
}

SceneScore ScoreViews(const at::Tensor& tokens, const at::Tensor& elsewhere,
                      const std::vector<std::vector<CellPoint>>& cells,
                      const CorrespondenceOptions& options) {
  RequireShape(tokens, {static_cast<int64_t>(cells.size()), -1, -1}, "tokens", "[V,G*G,D]");
  std::vector<PairScore> all, adjacent, all_elsewhere, adjacent_elsewhere;
  for (size_t i = 0; i < cells.size(); ++i) {
    for (size_t j = i + 1; j < cells.size(); ++j) {
      const at::Tensor first = tokens[static_cast<int64_t>(i)];
      const auto score = [&](const at::Tensor& other) {
        return ScorePair(first, cells[i], other[static_cast<int64_t>(j)], cells[j], options);
      };
      const PairScore pair = score(tokens);
      if (pair.shared == 0) continue;
      all.push_back(pair);
      if (j == i + 1) adjacent.push_back(pair);
      if (!elsewhere.defined()) continue;
      all_elsewhere.push_back(score(elsewhere));
      if (j == i + 1) adjacent_elsewhere.push_back(all_elsewhere.back());
    }
  }
  return {Mean(all), Mean(adjacent), Mean(all_elsewhere), Mean(adjacent_elsewhere)};
}

}  // namespace vega
