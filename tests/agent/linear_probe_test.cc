// Linear probes on data whose answer is known.

#include "agent/probe/linear_probe.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "agent/probe/cell_points.h"
#include "agent/probe/ridge.h"
#include "sim/base/error.h"
#include "sim/base/random.h"
#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

std::vector<int64_t> Folds(int64_t rows, int64_t folds) {
  std::vector<int64_t> fold;
  for (int64_t i = 0; i < rows; ++i) fold.push_back(i % folds);
  return fold;
}

double R2(const at::Tensor& predicted, const at::Tensor& truth) {
  const at::Tensor t = truth.to(at::kDouble);
  return 1 - ((predicted - t).square().sum() / (t - t.mean(0, true)).square().sum()).item<double>();
}

TEST_CASE("A ridge finds a linear answer, and none where there is none") {
  const at::Tensor x = Uniform({400, 12}, 1) * 3 + 5;
  const at::Tensor y = at::matmul(x, Uniform({12, 2}, 2)) + 7;
  CHECK(R2(HeldOutRidge(x, y, Folds(400, 5), 5), y) > 0.999);
  // more features than rows that know nothing: no better than the mean, and not much worse
  const double nothing =
      R2(HeldOutRidge(Uniform({100, 300}, 3), Uniform({100, 1}, 4), Folds(100, 4), 4),
         Uniform({100, 1}, 4));
  CHECK(nothing < 0.1);
  CHECK(nothing > -0.5);
  // a constant feature is no feature
  CHECK(R2(HeldOutRidge(at::zeros({400, 1}), y, Folds(400, 5), 5), y) == Approx(0).margin(0.02));
}

TEST_CASE("A row is judged by what was fitted without its fold") {
  // the answer is a number of the fold's own: what is fitted elsewhere cannot know it
  const auto fold = Folds(90, 3);
  const at::Tensor x = at::one_hot(at::tensor(fold), 3).to(at::kFloat);
  const at::Tensor y =
      at::tensor({1.0f, 5.0f, 90.0f}).index_select(0, at::tensor(fold)).view({-1, 1});
  const at::Tensor off = (HeldOutRidge(x, y, fold, 3) - y).abs();
  CHECK(off.select(1, 0).slice(0, 0, 3).min().item<double>() > 0.5);
}

TEST_CASE(
    "Average precision is 1 for a perfect ranking, and the share for one that knows nothing") {
  const at::Tensor wanted = at::tensor({1, 0, 1, 0, 0});
  CHECK(AveragePrecision(at::tensor({5.0, 1.0, 4.0, 2.0, 3.0}), wanted) == Approx(1));
  CHECK(AveragePrecision(at::tensor({4.0, 5.0, 1.0, 2.0, 3.0}), wanted) ==
        Approx((1.0 / 2 + 2.0 / 5) / 2));
  // equal scores find nothing first
  CHECK(AveragePrecision(at::zeros({5}), wanted) == Approx((1.0 / 4 + 2.0 / 5) / 2));
}

TEST_CASE("A cell has the label that fills half of it or more") {
  DepthView view;
  view.camera = {4, 4, 4.0, {}, {1, 0, 0, 0, 1, 0, 0, 0, 1}};
  // geoms 0 and 1 left and right above; below, the sky has half, and then geom 2
  view.geoms = {0, 0, 1, 1, 0, 0, 1, 1, 0, 1, 2, 2, -1, -1, 2, -1};
  CHECK((CellLabels(view, 2, {}, {7, 8, 9}, 3) == std::vector<int>{7, 8, 3, 9}));
  view.geoms[8] = 2, view.geoms[12] = 0;  // no one has half
  CHECK(CellLabels(view, 2, {}, {7, 8, 9}, 3)[2] == -1);
  // two geoms of one label count together
  CHECK(CellLabels(view, 2, {}, {7, 7, 9}, 3)[2] == 7);
}

// A wall at a distance, painted by it, with a coloured thing on it.
LabelledScene WallScene(int index) {
  RandomStream random(1, "walls", index);
  LabelledScene scene{.name = "wall" + std::to_string(index),
                      .base_position = {1, 2, 0},
                      .base_rotation = {0, -1, 0, 1, 0, 0, 0, 0, 1},
                      .geom_categories = {"background", "bowl", "robot"}};
  for (int v = 0; v < 4; ++v) {
    const double depth = random.Uniform(1, 2);
    ViewClip clip;
    DepthView& view = clip.view;
    constexpr int kSide = 32;
    view.camera = {kSide, kSide, double(kSide), {0, 0, 0}, {1, 0, 0, 0, 1, 0, 0, 0, 1}};
    view.depth.assign(kSide * kSide, static_cast<float>(depth));
    view.image = {kSide, kSide, std::vector<uint8_t>(3 * kSide * kSide)};
    const int row = static_cast<int>(random.Below(4)), column = static_cast<int>(random.Below(4));
    for (int i = 0; i < kSide * kSide; ++i) {
      const bool bowl = i / kSide / 8 == row && i % kSide / 8 == column;
      view.geoms.push_back(bowl ? 1 : 0);
      view.image.pixels[3 * i] = static_cast<uint8_t>(100 * depth);
      view.image.pixels[3 * i + 1] = bowl ? 250 : 10;
    }
    scene.clips.push_back(clip);
  }
  return scene;
}

TEST_CASE("What pixels show is read off pixels; random tokens know nothing") {
  const auto probe = OpenLinearProbe({.towers = {.names = {"pixels", "random"}}});
  for (int i = 0; i < 2; ++i) probe->Add(WallScene(i));
  CHECK_THROWS_WITH(probe->Spatial(), Catch::Contains("3 scenes"));
  for (int i = 2; i < 6; ++i) probe->Add(WallScene(i));
  const auto spatial = probe->Spatial();
  CHECK(spatial[0].tokens.depth_r2 > 0.99);
  CHECK(spatial[0].tokens.depth_cm < 2);
  CHECK(spatial[0].depth_cm_blind > 15);
  CHECK(spatial[0].place.depth_r2 < 0.1);
  CHECK(spatial[0].both.position_cm < spatial[0].place.position_cm);
  CHECK(spatial[1].tokens.depth_r2 < 0.1);
  const auto grounding = probe->Grounding();
  CHECK(grounding[0].categories == 2);  // the robot is never seen
  CHECK(grounding[0].objects == 1);
  CHECK(grounding[0].tokens.accuracy > 0.99);
  CHECK(grounding[0].tokens.mean_ap > 0.99);
  CHECK(grounding[0].accuracy_blind == Approx(15.0 / 16));
  CHECK(grounding[0].mean_ap_blind == Approx(1.0 / 16));
  CHECK(grounding[1].tokens.accuracy < 0.96);
  CHECK(grounding[1].tokens.mean_ap < 0.25);
  CHECK_THROWS_AS(OpenLinearProbe({.folds = 2}), Error);
}

}  // namespace
}  // namespace vega
