#include "tasks/goal/predicates.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <memory>

#include "sim/base/error.h"
#include "tests/tasks/tiny_scene.h"

namespace vega {
namespace {

// A tiny scene with data whose box lies where a test wants it; the plate is far away.
struct Bench {
  TinyScene tiny;
  std::unique_ptr<mjData, void (*)(mjData*)> data{mj_makeData(tiny.model.get()), mj_deleteData};

  Bench() { data->qpos[9] = 5; }

  bool Holds(const std::string& name, std::vector<std::string> args) {
    mj_forward(tiny.model.get(), data.get());
    return MakePredicate({name, args}, "tiny.bddl", tiny.scene, *tiny.model).Holds(*data);
  }
  void PutBox(double x, double y, double z) {
    data->qpos[0] = x;
    data->qpos[1] = y;
    data->qpos[2] = z;
  }
};

TEST_CASE("On an object needs height, contact and nearness") {
  Bench bench;
  bench.data->qpos[9] = 1;
  const auto on = [&] { return bench.Holds("on", {"box_1", "plate_1"}); };
  bench.PutBox(0, 0, 1.029);
  CHECK(on());
  bench.PutBox(0, 0, 1.031);
  CHECK_FALSE(on());
  bench.PutBox(0.0299, 0, 1.029);
  CHECK(on());
  bench.PutBox(0.0301, 0, 1.029);
  CHECK_FALSE(on());
  bench.PutBox(0, 0, 0.999);
  CHECK_FALSE(on());
}

TEST_CASE("On a site turns the offset by R, not by its transpose") {
  Bench bench;
  // 30 degrees about z at (0.02, 0.03, 0.1), half-size (0.1, 0.05, 0.02); the cabinet is its owner
  // and would have to touch
  bench.tiny.scene.sites[1].parent.clear();
  const auto on = [&] { return bench.Holds("on", {"box_1", "cabinet_1_inside"}); };
  // an offset that is along the long side after R^T, and across it after R
  const double along = 0.09, c = std::cos(M_PI / 6), s = std::sin(M_PI / 6);
  bench.PutBox(0.02 + c * along, 0.03 + s * along, 0.15);
  CHECK_FALSE(on());
  bench.PutBox(0.02 + c * along, 0.03 - s * along, 0.15);
  CHECK(on());
  // heights from h_z - 0.005 to h_z + 0.10, both excluded
  for (const auto& [z, expected] :
       {std::pair{0.1151, true}, {0.1149, false}, {0.2199, true}, {0.2201, false}}) {
    bench.PutBox(0.02, 0.03, z);
    CHECK(on() == expected);
  }
}

TEST_CASE("On a site of a fixture needs contact with the fixture") {
  Bench bench;
  const auto on = [&] { return bench.Holds("on", {"box_1", "cabinet_1_inside"}); };
  bench.PutBox(0.02, 0.03, 0.15);
  CHECK_FALSE(on());
  // the fixture's listed geom touches the box wherever the region is
  mjModel* model = const_cast<mjModel*>(bench.tiny.model.get());
  model->geom_pos[3 * mj_name2id(model, mjOBJ_GEOM, "cabinet_1_g0") + 2] = 0.15;
  CHECK(on());
}

TEST_CASE("In a site means within |R h|, a centimetre lower at the bottom") {
  Bench bench;
  const auto in = [&] { return bench.Holds("in", {"box_1", "cabinet_1_inside"}); };
  // |R h| = (0.1 cos - 0.05 sin, 0.1 sin + 0.05 cos) = (0.0616, 0.0933), no bounding box
  for (const auto& [x, y, z, expected] : {std::tuple{0.061, 0.0, 0.0, true},
                                          {0.062, 0.0, 0.0, false},
                                          {0.0, 0.093, 0.0, true},
                                          {0.0, 0.094, 0.0, false},
                                          {0.0, 0.0, 0.0199, true},
                                          {0.0, 0.0, 0.0201, false},
                                          {0.0, 0.0, -0.0299, true},
                                          {0.0, 0.0, -0.0301, false}}) {
    bench.PutBox(0.02 + x, 0.03 + y, 0.1 + z);
    CHECK(in() == expected);
  }
}

TEST_CASE("Open and Close read the joint of a region or all joints of a fixture") {
  Bench bench;
  const auto set = [&](double q) { bench.data->qpos[14] = q; };
  for (const std::string name : {"cabinet_1", "cabinet_1_inside"}) {
    set(std::nextafter(-0.14, -1));
    CHECK(bench.Holds("open", {name}));
    set(-0.14);
    CHECK_FALSE(bench.Holds("open", {name}));
    set(0);
    CHECK_FALSE(bench.Holds("close", {name}));
    set(1e-300);
    CHECK(bench.Holds("close", {name}));
  }
}

TEST_CASE("TurnOn includes its threshold, TurnOff excludes it") {
  Bench bench;
  bench.tiny.cabinet.articulation = Articulation{.turn_on_from = 0.5, .turn_off_below = 0.0};
  const auto set = [&](double q) { bench.data->qpos[14] = q; };
  set(0.5);
  CHECK(bench.Holds("turnon", {"cabinet_1"}));
  set(std::nextafter(0.5, 0));
  CHECK_FALSE(bench.Holds("turnon", {"cabinet_1"}));
  CHECK_FALSE(bench.Holds("turnoff", {"cabinet_1"}));
  set(0);
  CHECK_FALSE(bench.Holds("turnoff", {"cabinet_1"}));
  set(-1e-300);
  CHECK(bench.Holds("turnoff", {"cabinet_1"}));
}

TEST_CASE("Poses are those of the last forward pass, joints those of now") {
  Bench bench;
  const Predicate in = MakePredicate({"in", {"box_1", "cabinet_1_inside"}}, "tiny.bddl",
                                     bench.tiny.scene, *bench.tiny.model);
  bench.PutBox(0.02, 0.03, 0.1);
  mj_forward(bench.tiny.model.get(), bench.data.get());
  bench.PutBox(1, 1, 1);
  CHECK(in.Holds(*bench.data));
}

TEST_CASE("Displays show the numbers a predicate judges") {
  Bench bench;
  bench.data->qpos[9] = 1;
  bench.PutBox(0.02, 0, 1.029);
  mj_forward(bench.tiny.model.get(), bench.data.get());
  const Predicate on =
      MakePredicate({"on", {"box_1", "plate_1"}}, "tiny.bddl", bench.tiny.scene, *bench.tiny.model);
  CHECK(on.text == "on(box_1, plate_1)");
  CHECK(on.Measure(*bench.data) == "dz 0.029 m, distance 0.020 of 0.03 m, touching");
}

TEST_CASE("What LIBERO cannot judge is refused at its line") {
  const auto [predicate, message] = GENERATE(table<BddlPredicate, std::string>({
      {{"on", {"box_1", "nowhere"}, 3, 4}, "tiny.bddl:3:4: nowhere is no object and no region"},
      {{"on", {"table_left", "plate_1"}, 3, 4}, "tiny.bddl:3:4: table_left is no object"},
      {{"in", {"box_1", "plate_1"}, 3, 4}, "tiny.bddl:3:4: plate_1 has no inside"},
      {{"turnon", {"cabinet_1_inside"}, 3, 4}, "tiny.bddl:3:4: cabinet_1_inside is a region"},
      {{"turnon", {"cabinet_1"}, 3, 4}, "tiny.bddl:3:4: the category of cabinet_1 does not"},
      {{"open", {"box_1"}, 3, 4}, "tiny.bddl:3:4: box_1 has no joint"},
  }));
  const TinyScene tiny;
  CHECK_THROWS_WITH(MakePredicate(predicate, "tiny.bddl", tiny.scene, *tiny.model),
                    Catch::StartsWith(message));
}

}  // namespace
}  // namespace vega
