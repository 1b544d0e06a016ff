// A hand-made scene for tests of resets and predicates: a table region, a cabinet with one drawer,
// a box and a plate.

#pragma once

#include <string>

#include "sim/model.h"
#include "tasks/bddl/bddl.h"
#include "tasks/scene/scene_composer.h"

namespace vega {

struct TinyScene {
  ArenaSpec arena{.problem_name = "tiny",
                  .workspace = "table",
                  .workspace_offset = {0.5, 0, 0.9},
                  .fixture_z_offset = -0.04,
                  .boundary_shrink = false};
  ObjectCategory box{.name = "box", .rotations = {{'x', 1.5, 1.5}}};
  ObjectCategory cabinet{.name = "cabinet",
                         .articulation = Articulation{.open_below = -0.14,
                                                      .close_above = 0.0,
                                                      .open_range = {{-0.16, -0.14}},
                                                      .close_range = {{0.0, 0.005}}}};
  ComposedScene scene;
  ModelPtr model;
  BddlProblem problem;

  TinyScene() {
    model = CompileMjcf(kMjcf, "tiny");
    const auto object = [&](const char* name, const ObjectCategory& category, bool fixture) {
      SceneObject item;
      item.name = name;
      item.category = &category;
      item.fixture = fixture;
      item.contact_geoms = {std::string(name) + "_g0"};
      item.bottom_z = -0.05;
      item.top_z = 0.05;
      item.horizontal_radius = 0.03;
      if (fixture) item.joints = {std::string(name) + "_drawer"};
      return item;
    };
    scene.arena = &arena;
    scene.objects = {object("box_1", box, false), object("plate_1", box, false),
                     object("cabinet_1", cabinet, true)};
    scene.sites = {{"table_left", "", {}, {0.1, 0.05, 0.007}},
                   {"cabinet_1_inside", "cabinet_1", {"cabinet_1_drawer"}, {0.1, 0.05, 0.02}}};
    problem.source = "tiny.bddl";
    problem.regions = {{.name = "left", .target = "table", .ranges = {{0.1, 0.2, 0.3, 0.5}}},
                       {.name = "here", .target = "table", .ranges = {{0, 0, 0, 0}}},
                       {.name = "inside", .target = "cabinet_1"}};
  }

  TinyScene(const TinyScene&) = delete;  // scene points at its own members

  // the site in the drawer is turned by 30 degrees about z
  static constexpr const char* kMjcf = R"(
<mujoco>
  <worldbody>
    <site name="table_left" type="box" size="0.1 0.05 0.007" pos="0 0 0.9"/>
    <body name="box_1_main"><freejoint name="box_1_joint0"/>
      <geom name="box_1_g0" type="box" size="0.02 0.02 0.02"/></body>
    <body name="plate_1_main"><freejoint name="plate_1_joint0"/>
      <geom name="plate_1_g0" type="box" size="0.05 0.05 0.01"/></body>
    <body name="cabinet_1_main">
      <geom name="cabinet_1_g0" type="box" size="0.1 0.1 0.01" pos="0 0 -0.05"/>
      <body name="cabinet_1_part"><joint name="cabinet_1_drawer" type="slide" axis="0 1 0"/>
        <geom type="box" size="0.01 0.01 0.01" mass="1" contype="0" conaffinity="0"/>
        <site name="cabinet_1_inside" type="box" size="0.1 0.05 0.02" pos="0.02 0.03 0.1"
              quat="0.9659258262890683 0 0 0.25881904510252074"/></body>
    </body>
  </worldbody>
</mujoco>)";
};

}  // namespace vega
