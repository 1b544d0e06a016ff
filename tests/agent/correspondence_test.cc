// The correspondence score on views whose answer is known.

#include "agent/probe/correspondence.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

// `count` cells in a row along x, one a voxel of 0.1 m and a hair more apart, from voxel `first` on
std::vector<CellPoint> Row(int count, int first) {
  std::vector<CellPoint> cells;
  for (int i = 0; i < count; ++i) cells.push_back({{0.1001 * (first + i) + 0.03, 0.5, 0.9}, true});
  return cells;
}

// a flat floor, `height` m below a camera that looks straight down
DepthView FloorView(double x, double y, double height, int size) {
  DepthView view;
  view.camera = {size, size, double(size), {x, y, height}, {0, -1, 0, -1, 0, 0, 0, 0, -1}};
  view.depth.assign(size_t(size) * size, static_cast<float>(height));
  view.image = {size, size, std::vector<uint8_t>(size_t{3} * size * size)};
  return view;
}

TEST_CASE("Tokens that name their place score 1 and are found; others do not") {
  // view b is two voxels to the right of view a: ten of twelve voxels are shared
  const auto a = Row(12, 0), b = Row(12, 2);
  const at::Tensor places = Uniform({14, 64}, 1);
  const PairScore known = ScorePair(places.narrow(0, 0, 12), a, places.narrow(0, 2, 12), b, {});
  CHECK(known.shared == 10);
  CHECK(known.score == Approx(1).margin(1e-6));
  CHECK(std::abs(known.chance) < 0.1);
  CHECK(known.retrieval == 1);
  CHECK(known.retrieval_chance == Approx(1.0 / 12));
  CHECK(known.matches_right == 10);
  CHECK(known.confident == 10);
  CHECK(known.confident_right == 10);
  CHECK(known.match_chance == Approx(10.0 / 144));

  const PairScore blind = ScorePair(Uniform({12, 64}, 2), a, Uniform({12, 64}, 3), b, {});
  CHECK(std::abs(blind.score - blind.chance) < 0.15);
  CHECK(blind.retrieval < 0.5);
  CHECK(blind.confident == 0);

  // tokens that hardly vary score high and are worth nothing: the chance level tells
  const at::Tensor constant = at::ones({12, 64});
  const PairScore flat = ScorePair(constant + 0.01 * Uniform({12, 64}, 4), a,
                                   constant + 0.01 * Uniform({12, 64}, 5), b, {});
  CHECK(flat.score > 0.99);
  CHECK(flat.score - flat.chance < 0.01);
}

TEST_CASE("The score is the published one: means of normalised tokens a voxel, normalised again") {
  // two cells of view a lie in the one voxel that b sees too
  const std::vector<CellPoint> a = {
      {{0.01, 0, 0}, true}, {{0.05, 0, 0}, true}, {{0.31, 0, 0}, true}};
  const std::vector<CellPoint> b = {{{0.02, 0, 0}, true}, {{0.55, 0, 0}, true}, {{9, 9, 9}, false}};
  const at::Tensor ta = at::tensor({3.0f, 0.0f, 0.0f, 0.5f, -1.0f, 0.0f}).view({3, 2});
  const at::Tensor tb = at::tensor({2.0f, 0.0f, 0.0f, 7.0f, 1.0f, 1.0f}).view({3, 2});
  const PairScore pair = ScorePair(ta, a, tb, b, {});
  CHECK(pair.shared == 1);
  // (1,0) and (0,1) give (1,1)/sqrt(2); b's token is (1,0)
  CHECK(pair.score == Approx(std::sqrt(0.5)));
  // different voxels: (a0,b1) sqrt(0.5), (a1,b0) -1, (a1,b1) 0
  CHECK(pair.chance == Approx((std::sqrt(0.5) - 1) / 3));
  CHECK(ScorePair(ta, Row(3, 0), tb, Row(3, 100), {}).shared == 0);
}

TEST_CASE("Scenes average their pairs; neighbours are told apart") {
  const at::Tensor places = Uniform({16, 32}, 1);
  const std::vector<std::vector<CellPoint>> cells = {Row(9, 0), Row(9, 1), Row(9, 2)};
  at::Tensor tokens = at::stack(
      {places.narrow(0, 0, 9), places.narrow(0, 1, 9), places.narrow(0, 2, 9)});  // [3,9,32]
  tokens[2] = Uniform({9, 32}, 7);  // the last view knows nothing
  const SceneScore score = ScoreViews(tokens, {}, cells, {});
  CHECK(score.all.pairs == 3);
  CHECK(score.adjacent.pairs == 2);
  CHECK(score.adjacent.mean.score == Approx(0.5).margin(0.15));
  CHECK(score.all.mean.score == Approx(1.0 / 3).margin(0.15));
  CHECK(score.adjacent.score_std > 0.5);
  CHECK(score.all_elsewhere.pairs == 0);
}

TEST_CASE("Tokens that know only their place in the picture score as high in another scene") {
  // cells hardly move between the views, tokens are those of their cell: no scene is seen
  const std::vector<std::vector<CellPoint>> cells = {Row(9, 0), Row(9, 0), Row(9, 1)};
  const at::Tensor place = Uniform({1, 9, 32}, 1);
  const at::Tensor tokens = place + 0.1 * Uniform({3, 9, 32}, 2);
  const at::Tensor elsewhere = place + 0.1 * Uniform({3, 9, 32}, 3);
  const SceneScore score = ScoreViews(tokens, elsewhere, cells, {});
  CHECK(score.all.mean.score > score.all.mean.chance + 0.2);
  CHECK(score.all.mean.retrieval > 0.3);
  CHECK(score.all_elsewhere.pairs == 3);
  CHECK(score.all_elsewhere.mean.score == Approx(score.all.mean.score).margin(0.02));
  CHECK(score.all_elsewhere.mean.retrieval == Approx(score.all.mean.retrieval));
}

TEST_CASE("Cells look where their pixels do, and are valid from a tenth on") {
  DepthView view = FloorView(1, 2, 2, 40);
  const auto cells = CellPoints(view, 4, {});
  // the picture's top is the world's +x, its left the world's +y: rows fall, columns fall
  CHECK(cells[0].position[0] == Approx(1 + 0.75));
  CHECK(cells[0].position[1] == Approx(2 + 0.75));
  CHECK(cells[5].position[0] == Approx(1 + 0.25));
  CHECK(cells[15].position[2] == Approx(0).margin(1e-9));
  // a crop of the middle half sees half as far
  const auto half = CellPoints(view, 2, CoverCropRegion(40, 40, 10, 20));
  CHECK(half[0].position[0] == Approx(1 + 0.25));
  CHECK(half[0].position[1] == Approx(2 + 0.5));
  std::fill(view.depth.begin(), view.depth.end(), 0.0f);
  for (int i = 0; i < 9; ++i) view.depth[i] = 2;        // 9 of cell 0's 100 pixels
  for (int i = 0; i < 10; ++i) view.depth[30 + i] = 2;  // 10 of cell 3's
  const auto few = CellPoints(view, 4, {});
  CHECK_FALSE(few[0].valid);
  CHECK(few[3].valid);
}

}  // namespace
}  // namespace vega
