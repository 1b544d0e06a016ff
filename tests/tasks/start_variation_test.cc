#include "tasks/reset/start_variation.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

SpotDraw Spot(SpotKind kind, double x) {
  SpotDraw spot{.kind = kind, .ranges = {{x, 0, x + 0.02, 0.02}}};
  spot.rotations = {{'z', x, x}};
  return spot;
}

std::vector<SpotDraw> Spots() {
  return {Spot(SpotKind::kObjectOnWorkspace, 1), Spot(SpotKind::kFixtureOnWorkspace, 2),
          Spot(SpotKind::kObjectOnWorkspace, 3), Spot(SpotKind::kFixtureOnWorkspace, 4),
          Spot(SpotKind::kOnSite, 5)};
}

TEST_CASE(
    "Places are exchanged between two objects or two fixtures, and what stands on one stays") {
  NumpyRandom random(1);
  std::set<std::vector<double>> seen;
  for (int i = 0; i < 50; ++i) {
    const std::vector<SpotDraw> varied = Varied(Spots(), {.exchange = 1}, random);
    std::vector<double> places;
    for (const SpotDraw& spot : varied) places.push_back(spot.ranges[0][0]);
    seen.insert(places);
    // a fixture is turned as the other was, an object as it itself was
    CHECK(varied[1].rotations[0].lo == places[1]);
    CHECK(varied[0].rotations[0].lo == 1);
  }
  CHECK(seen == std::set<std::vector<double>>{{3, 2, 1, 4, 5}, {1, 4, 3, 2, 5}});
}

TEST_CASE("Of two that trade places the goal names one, where it names any on the workspace") {
  NumpyRandom random(3);
  std::vector<SpotDraw> spots(4);
  for (size_t i = 0; i < spots.size(); ++i) {
    spots[i] = Spot(SpotKind::kObjectOnWorkspace, static_cast<double>(i));
  }
  spots[2].in_goal = true;
  std::set<double> went_to;
  for (int i = 0; i < 60; ++i) {
    went_to.insert(Varied(spots, {.exchange = 1}, random)[2].ranges[0][0]);
  }
  CHECK(went_to == std::set<double>{0, 1, 3});
}

TEST_CASE("A soup that goes in a basket is what trades places, with whatever stands there") {
  const auto task = LoadTask(LoadSuite("libero_object"), 0);
  const ResetPlan plan =
      MakeResetPlan(task->problem()->bddl, task->problem()->scene, *task->model());
  std::vector<bool> named;
  for (const SpotDraw& spot : plan.spots) named.push_back(spot.in_goal);
  CHECK(named == std::vector<bool>{true, false, false, false, false, false, true});
}

TEST_CASE("Objects are scattered by at most what was asked, fixtures not at all") {
  NumpyRandom random(2);
  const std::vector<SpotDraw> spots = Spots();
  double furthest = 0;
  for (int i = 0; i < 200; ++i) {
    const std::vector<SpotDraw> varied = Varied(spots, {.scatter = 0.1}, random);
    for (const size_t still : {1, 3, 4}) CHECK(varied[still].ranges == spots[still].ranges);
    for (const size_t moved : {0, 2}) {
      const auto &before = spots[moved].ranges[0], &after = varied[moved].ranges[0];
      CHECK(after[2] - after[0] == Approx(0.02));
      for (const int axis : {0, 1}) {
        furthest = std::max(furthest, std::abs(after[axis] - before[axis]));
      }
    }
  }
  CHECK(furthest <= 0.1);
  CHECK(furthest > 0.09);
}

// x of the poses a task draws over many seeds, by place in its order
std::vector<std::vector<double>> Drawn(const StartVariation& variation) {
  static const auto task = LoadTask(LoadSuite("libero_goal"), 9);  // the bottle on the rack
  const auto sampler = task->NewResetSampler(variation);
  std::vector<std::vector<double>> drawn;
  for (uint32_t seed = 0; seed < 40; ++seed) {
    sampler->Seed(seed);
    const ResetPlacement placement = sampler->Sample();
    drawn.resize(placement.poses.size());
    for (size_t i = 0; i < drawn.size(); ++i) drawn[i].push_back(placement.poses[i].pos[0]);
  }
  return drawn;
}

double Spread(const std::vector<double>& x) {
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  return *high - *low;
}

TEST_CASE("A task is sampled with its things in other places, if that is asked for") {
  const auto own = Drawn({}), exchanged = Drawn({.exchange = 1}),
             scattered = Drawn({.scatter = 0.05});
  int scattered_things = 0;
  for (size_t i = 0; i < own.size(); ++i) {
    INFO(i);
    CHECK(Spread(exchanged[i]) > Spread(own[i]) + 0.03);
    CHECK(Spread(scattered[i]) < Spread(own[i]) + 0.11);
    scattered_things += Spread(scattered[i]) > Spread(own[i]) + 0.04;
  }
  CHECK(scattered_things == 4);  // the movable ones
}

}  // namespace
}  // namespace vega
