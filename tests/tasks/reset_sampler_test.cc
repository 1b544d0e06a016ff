#include "tasks/reset/reset_sampler.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/error.h"
#include "tasks/reset/numpy_random.h"
#include "tests/tasks/tiny_scene.h"

namespace vega {
namespace {

std::unique_ptr<ResetSampler> Sampler(const TinyScene& tiny) {
  auto plan = std::make_shared<ResetPlan>(MakeResetPlan(tiny.problem, tiny.scene, *tiny.model));
  return MakeResetSampler(plan, tiny.model);
}

// the generator after the draws every reset begins with
void SkipArmNoise(NumpyRandom& random) {
  for (int i = 0; i < 7; ++i) random.Normal();
}

TEST_CASE("A movable object is drawn in its region and keeps LIBERO's quaternion slots") {
  TinyScene tiny;
  tiny.problem.init = {{"on", {"box_1", "table_left"}}};
  auto sampler = Sampler(tiny);
  sampler->Seed(3);
  const ResetPlacement placement = sampler->Sample();

  NumpyRandom random(3);
  SkipArmNoise(random);
  REQUIRE(placement.poses.size() == 1);
  const ResetPlacement::Pose& pose = placement.poses[0];
  CHECK(pose.qposadr == 0);
  CHECK(pose.body == -1);
  CHECK(pose.pos[0] == random.Uniform(0.1, 0.3) + 0.5);
  CHECK(pose.pos[1] == random.Uniform(0.2, 0.5) + 0.0);
  CHECK(pose.pos[2] == 0.01 + 0.9 + 0.05);
  // a rotation about x, built as x,y,z,w, lands in slots w,x,y,z
  CHECK(pose.quat[0] == std::sin(0.75));
  CHECK(pose.quat[3] == std::cos(0.75));
}

TEST_CASE("A fixture is drawn without its radius and turned about z") {
  TinyScene tiny;
  tiny.problem.regions[0].yaw_rotation = {3, 2};
  tiny.problem.init = {{"on", {"cabinet_1", "table_left"}}};
  auto sampler = Sampler(tiny);
  sampler->Seed(3);
  const ResetPlacement placement = sampler->Sample();

  NumpyRandom random(3);
  SkipArmNoise(random);
  random.Uniform();
  random.Uniform();
  const double yaw = random.Uniform(2, 3);
  REQUIRE(placement.poses.size() == 1);
  CHECK(placement.poses[0].body == mj_name2id(tiny.model.get(), mjOBJ_BODY, "cabinet_1_main"));
  CHECK(placement.poses[0].pos[2] == -0.04 + 0.9 + 0.05);
  CHECK(placement.poses[0].quat[0] == std::cos(yaw / 2));
  CHECK(placement.poses[0].quat[3] == std::sin(yaw / 2));
}

TEST_CASE("Joint values are drawn once more with every reset and the last one counts") {
  TinyScene tiny;
  tiny.problem.init = {{"open", {"cabinet_1_inside"}}};
  auto sampler = Sampler(tiny);
  sampler->Seed(5);

  NumpyRandom random(5);
  for (int draws : {2, 3, 4}) {
    SkipArmNoise(random);
    double value = 0;
    for (int i = 0; i < draws; ++i) value = random.Uniform(-0.16, -0.14);
    const ResetPlacement placement = sampler->Sample();
    REQUIRE(placement.joints.size() == 1);
    CHECK(placement.joints[0].first == 14);
    CHECK(placement.joints[0].second == value);
  }
}

TEST_CASE("Seeding starts the numbers again but not the count of loads") {
  TinyScene tiny;
  tiny.problem.init = {{"on", {"box_1", "table_left"}}};
  auto plain = Sampler(tiny);
  plain->Seed(1);
  const double first = plain->Sample().poses[0].pos[0];
  plain->Sample();
  plain->Seed(1);
  CHECK(plain->Sample().poses[0].pos[0] == first);

  tiny.problem.init.push_back({"close", {"cabinet_1"}});
  auto growing = Sampler(tiny);
  growing->Seed(1);
  const double with_two = growing->Sample().poses[0].pos[0];
  growing->Seed(1);
  CHECK(growing->Sample().poses[0].pos[0] != with_two);
}

TEST_CASE("In a drawer means in the drawer as it was drawn open") {
  TinyScene tiny;
  tiny.problem.init = {{"open", {"cabinet_1_inside"}},
                       {"on", {"cabinet_1", "table_here"}},
                       {"in", {"box_1", "cabinet_1_inside"}}};
  auto sampler = Sampler(tiny);
  sampler->Seed(0);
  const ResetPlacement placement = sampler->Sample();
  REQUIRE(placement.poses.size() == 2);
  const double drawer = placement.joints[0].second;
  CHECK(drawer < -0.14);
  CHECK(placement.poses[1].pos[0] == Approx(0.5 + 0.02).margin(1e-12));
  CHECK(placement.poses[1].pos[1] == Approx(0.03 + drawer).margin(1e-12));
  // without the owner's top, but with the object's own bottom
  CHECK(placement.poses[1].pos[2] == Approx(0.91 + 0.1 + 0.05).margin(1e-12));
}

TEST_CASE("On a site means on top of its owner, within half of its half-size less the radius") {
  TinyScene tiny;
  tiny.problem.init = {{"on", {"cabinet_1", "table_here"}}, {"on", {"box_1", "cabinet_1_inside"}}};
  tiny.scene.objects[2].horizontal_radius = -1;  // never in the way
  auto sampler = Sampler(tiny);
  sampler->Seed(0);
  for (int i = 0; i < 20; ++i) {
    const ResetPlacement placement = sampler->Sample();
    const ResetPlacement::Pose& pose = placement.poses[1];
    CHECK(std::abs(pose.pos[0] - 0.52) <= 0.05 - 0.03 + 1e-12);
    // the region turns inside out where the radius is larger
    CHECK(std::abs(pose.pos[1] - 0.03) <= 0.03 - 0.025 + 1e-12);
    CHECK(pose.pos[2] == Approx(0.91 + 0.05 + 0.1 + 0.05).margin(1e-12));
  }
}

TEST_CASE("On an object means a lifted place above its centre, drawn without a collision test") {
  TinyScene tiny;
  tiny.problem.init = {{"on", {"box_1", "plate_1"}}, {"on", {"plate_1", "table_left"}}};
  auto sampler = Sampler(tiny);
  sampler->Seed(0);
  const ResetPlacement placement = sampler->Sample();
  // the plate is drawn first although :init names it last
  CHECK(placement.poses[0].qposadr == 7);
  CHECK(placement.poses[1].qposadr == 0);
  CHECK(placement.poses[1].pos[0] == placement.poses[0].pos[0]);
  CHECK(placement.poses[1].pos[2] == Approx(placement.poses[0].pos[2] + 0.05 + 0.05 + 0.01));
}

TEST_CASE("Regions too small for their objects end in one error") {
  TinyScene tiny;
  tiny.problem.init = {{"on", {"box_1", "table_here"}}, {"on", {"plate_1", "table_here"}}};
  auto sampler = Sampler(tiny);
  CHECK_THROWS_WITH(sampler->Sample(), Catch::Contains("no reset found"));
}

TEST_CASE("What LIBERO cannot place is refused at its line") {
  const auto [init, message] = GENERATE(table<std::vector<BddlPredicate>, std::string>({
      {{{"on", {"box_1", "plate_1"}, 4, 2}}, "tiny.bddl:4:2: plate_1 is not placed before"},
      {{{"on", {"box_1", "table_left"}}, {"on", {"box_1", "table_here"}, 5, 1}},
       "tiny.bddl:5:1: box_1 is placed twice"},
      {{{"on", {"cabinet_1", "plate_1"}, 6, 3}}, "tiny.bddl:6:3: fixture cabinet_1 can only"},
      {{{"turnon", {"cabinet_1"}, 7, 3}}, "tiny.bddl:7:3: category cabinet does not define"},
      {{{"open", {"box_1"}, 8, 3}}, "tiny.bddl:8:3: box_1 has no joint"},
  }));
  TinyScene tiny;
  tiny.problem.init = init;
  CHECK_THROWS_WITH(MakeResetPlan(tiny.problem, tiny.scene, *tiny.model),
                    Catch::StartsWith(message));
}

}  // namespace
}  // namespace vega
