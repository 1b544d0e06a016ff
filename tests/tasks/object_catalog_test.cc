// The catalog of categories against LIBERO's object classes.

#include "tasks/scene/object_catalog.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <set>

#include "sim/base/error.h"
#include "sim/base/paths.h"
#include "tasks/bddl/bddl.h"
#include "tasks/scene/scene_composer.h"

namespace vega {
namespace {

TEST_CASE("the catalog has every registered category once, sorted") {
  const auto& all = AllCategories();
  CHECK(all.size() == 84);
  for (size_t i = 1; i < all.size(); ++i) CHECK(all[i - 1].name < all[i].name);
}

TEST_CASE("every category of the BDDL files is in the catalog or a workspace") {
  std::set<std::string> workspaces;
  for (const char* suite : {"tabletop", "kitchen_tabletop", "study_tabletop",
                            "living_room_tabletop", "floor", "coffee_table"}) {
    workspaces.insert(FindArena(std::string("libero_") + suite + "_manipulation").workspace);
  }
  std::set<std::string> seen;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(Data().libero / "bddl_files")) {
    if (entry.path().extension() != ".bddl") continue;
    const BddlProblem problem = LoadBddl(entry.path());
    for (const BddlInstance& object : problem.objects) seen.insert(object.category);
    for (const BddlInstance& fixture : problem.fixtures) seen.insert(fixture.category);
  }
  CHECK(seen.size() == 64);
  for (const std::string& name : seen) {
    if (!workspaces.count(name)) CHECK_NOTHROW(FindCategory(name));
  }
}

TEST_CASE("only known categories have no file in the asset wheels") {
  std::set<std::string> missing;
  for (const ObjectCategory& category : AllCategories()) {
    if (!std::filesystem::exists(Data().assets / category.xml)) missing.insert(category.name);
  }
  CHECK(missing == std::set<std::string>{"blue_red_sticker", "cherries", "corn", "libero_mug_green",
                                         "mayo", "red_box", "red_sticker"});
}

TEST_CASE("rotations and thresholds are those of LIBERO's classes") {
  const ObjectCategory& milk = FindCategory("milk");
  REQUIRE(milk.rotations.size() == 2);
  CHECK(milk.rotation_is_dict);
  CHECK(milk.rotations[0].axis == 'x');
  CHECK(milk.rotations[1].axis == 'z');
  CHECK(FindCategory("yellow_milk").rotations[0].axis == 'z');
  CHECK_FALSE(FindCategory("yellow_milk").rotation_is_dict);
  CHECK(FindCategory("red_yellow_book").rotations[0].hi == -M_PI / 2);
  CHECK(FindCategory("yellow_book").rotations[0].hi == -M_PI / 4);
  CHECK(FindCategory("rack").xml == "stable_scanned_objects/simple_rack/simple_rack.xml");
  CHECK(FindCategory("white_cabinet").articulation->open_below == -0.14);
  CHECK_FALSE(FindCategory("white_cabinet").articulation->turn_on_from);
  CHECK(FindCategory("short_cabinet").articulation->open_above == 0.10);
  CHECK(FindCategory("microwave").articulation->close_above == -0.005);
  CHECK(FindCategory("flat_stove").articulation->turn_on_from == 0.5);
  CHECK(FindCategory("yellow_stove").tracks_visual_state);
  CHECK_FALSE(FindCategory("plate").articulation);
}

TEST_CASE("an unknown category is an error that names the nearest ones") {
  CHECK_THROWS_WITH(FindCategory("akita_blak_bowl"),
                    Catch::Contains("unknown category \"akita_blak_bowl\"") &&
                        Catch::Contains("akita_black_bowl"));
}

}  // namespace
}  // namespace vega
