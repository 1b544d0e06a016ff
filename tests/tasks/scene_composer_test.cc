// Composed scenes: names, order and numbers of the compiled model, what predicates read, and errors
// with their place.

#include "tasks/scene/scene_composer.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <map>

#include "sim/base/error.h"
#include "sim/model.h"
#include "tests/tasks/text.h"
#include "tests/tasks/without_textures.h"

namespace vega {
namespace {

const std::string kProblem = R"((define (problem LIBERO_Kitchen_Tabletop_Manipulation)
  (:language put the bowl in the top drawer)
  (:regions
    (bowl_region (:target kitchen_table) (:ranges ((-0.1 0.2 0.3 0.4))))
    (top_region (:target white_cabinet_1))
    (top_side (:target white_cabinet_1))
    (cook_region (:target flat_stove_1))
    (nothing_region (:target white_cabinet_1)))
  (:fixtures kitchen_table - kitchen_table white_cabinet_1 - white_cabinet
             flat_stove_1 - flat_stove)
  (:objects akita_black_bowl_1 - akita_black_bowl)
  (:init (On akita_black_bowl_1 kitchen_table_bowl_region))
  (:goal (In akita_black_bowl_1 white_cabinet_1_top_region)))
)";

std::string With(const std::string& from, const std::string& to) {
  return Replaced(kProblem, from, to);
}

ComposedScene Compose(const std::string& text) {
  return ComposeScene(ParseBddl(text, "t.bddl"), Data());
}

const SceneSite& Site(const ComposedScene& scene, const std::string& name) {
  for (const SceneSite& site : scene.sites) {
    if (site.name == name) return site;
  }
  FAIL("no site " << name);
  return scene.sites.front();
}

std::vector<std::string> Names(const mjModel& model, mjtObj kind, int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    const char* name = mj_id2name(&model, kind, i);
    names.push_back(name ? name : "");
  }
  return names;
}

TEST_CASE("what predicates and resets read is what LIBERO's objects report") {
  const ComposedScene scene = Compose(kProblem);
  CHECK(scene.arena->workspace == "kitchen_table");
  REQUIRE(scene.objects.size() == 3);
  const SceneObject& bowl = scene.objects[0];
  CHECK(bowl.name == "akita_black_bowl_1");
  CHECK_FALSE(bowl.fixture);
  CHECK(bowl.contact_geoms.size() == 40);
  CHECK(bowl.contact_geoms[0] == "akita_black_bowl_1_g1");
  CHECK(bowl.joints.empty());
  CHECK(bowl.bottom_z == -0.06);
  CHECK(bowl.top_z == 0.04);
  CHECK(bowl.horizontal_radius == 0.025);
  const SceneObject& cabinet = scene.objects[1];
  CHECK(cabinet.fixture);
  CHECK(cabinet.contact_geoms.size() == 36);
  CHECK(cabinet.joints == std::vector<std::string>{"white_cabinet_1_top_level",
                                                   "white_cabinet_1_middle_level",
                                                   "white_cabinet_1_bottom_level"});
  CHECK(scene.objects[2].contact_geoms.size() == 20);

  REQUIRE(scene.sites.size() == 4);
  CHECK(scene.sites[0].name == "kitchen_table_bowl_region");
  CHECK(scene.sites[0].parent.empty());
  CHECK(scene.sites[0].half_size[0] == Approx(0.2).margin(1e-15));
  CHECK(scene.sites[0].half_size[2] == 0.007);
  const SceneSite& drawer = Site(scene, "white_cabinet_1_top_region");
  CHECK(drawer.parent == "white_cabinet_1");
  CHECK(drawer.joints == std::vector<std::string>{"white_cabinet_1_top_level"});
  CHECK(drawer.half_size == std::array<double, 3>{0.02993, 0.07561, 0.10224});
  CHECK(Site(scene, "white_cabinet_1_top_side").joints.empty());
  CHECK(Site(scene, "flat_stove_1_cook_region").half_size[2] == 0.0025);
}

TEST_CASE("a composed scene compiles to LIBERO's model") {
  const ModelPtr model = CompileMjcf(Compose(kProblem).mjcf, "t.bddl");
  const mjModel& m = *model;
  CHECK(m.nq == 9 + 7 + 4);
  CHECK(m.nu == 9);
  CHECK(m.opt.timestep == 0.002);
  CHECK(m.opt.cone == mjCONE_ELLIPTIC);
  CHECK(m.opt.impratio == 20);
  const auto bodies = Names(m, mjOBJ_BODY, m.nbody);
  const std::vector<std::string> first = {"world", "table", "robot0_base", "robot0_link0"};
  CHECK(std::vector<std::string>(bodies.begin(), bodies.begin() + 4) == first);
  CHECK(bodies[23] == "akita_black_bowl_1_main");
  CHECK(bodies[24] == "white_cabinet_1_main");
  CHECK(Names(m, mjOBJ_CAMERA, m.ncam) ==
        std::vector<std::string>{"frontview", "birdview", "agentview", "sideview", "galleryview",
                                 "paperview", "robot0_robotview", "robot0_eye_in_hand"});
  CHECK(Names(m, mjOBJ_ACTUATOR, m.nu)[7] == "gripper0_gripper_finger_joint1");
  // robot base and mount, arm joints, a mass of collision geoms only
  CHECK(m.body_pos[3 * 2] == -0.66);
  CHECK(m.body_pos[3 * 2 + 2] == 0.912);
  CHECK(m.dof_armature[2] == 5.0 / 3);
  CHECK(m.dof_damping[6] == 0.01);
  CHECK(m.dof_frictionloss[0] == 0.1);
  CHECK(m.body_mass[23] == Approx(0.005591).epsilon(1e-3));
  // the kitchen's region sites lie below the table top
  const int site = mj_name2id(&m, mjOBJ_SITE, "kitchen_table_bowl_region");
  REQUIRE(site >= 0);
  CHECK(m.site_pos[3 * site] == Approx(0.1));
  CHECK(m.site_pos[3 * site + 2] == 0);
}

// name of the file that an error says is missing, or "" for any other error
std::string MissingFile(const std::string& error) {
  const size_t at = error.find("missing asset ");
  return at == std::string::npos ? "" : std::filesystem::path(error.substr(at + 14)).filename();
}

std::vector<std::filesystem::path> AllBddlFiles() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(Data().libero / "bddl_files")) {
    if (entry.path().extension() == ".bddl") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST_CASE("every BDDL file composes, or names the one asset that the wheels lack") {
  int composed = 0;
  std::map<std::string, int> missing;
  for (const auto& file : AllBddlFiles()) {
    try {
      const ComposedScene scene = ComposeScene(LoadBddl(file), Data());
      ++composed;
    } catch (const Error& error) {
      INFO(error.what());
      ++missing[MissingFile(error.what())];
    }
  }
  CHECK(composed == 511);
  CHECK(missing == std::map<std::string, int>{{"blue_red_sticker.xml", 40},
                                              {"libero_mug_green.xml", 20},
                                              {"red_box.xml", 40},
                                              {"red_sticker.xml", 113}});
}

TEST_CASE("every BDDL file compiles whose assets exist", "[.full]") {
  for (const auto& file : AllBddlFiles()) {
    INFO(file);
    std::string mjcf;
    try {
      mjcf = ComposeScene(LoadBddl(file), Data()).mjcf;
    } catch (const Error& error) {
      REQUIRE(MissingFile(error.what()) != "");
      std::printf("%s\n", error.what());
      continue;
    }
    CHECK_NOTHROW(CompileMjcf(mjcf, file.string()));
  }
}

// a tabletop problem with one instance of each category
std::string ProblemOf(const std::vector<std::string>& categories) {
  std::string objects, init;
  for (const std::string& category : categories) {
    objects += fmt::format(" {0}_1 - {0}", category);
    init += fmt::format(" (On {}_1 main_table_region)", category);
  }
  return fmt::format(
      "(define (problem libero_tabletop_manipulation) (:language test)"
      " (:regions (region (:target main_table) (:ranges ((0 0 1 1)))))"
      " (:fixtures main_table - table) (:objects{}) (:init{}) (:goal (On {}_1 main_table_region)))",
      objects, init, categories[0]);
}

TEST_CASE("every category whose file exists compiles") {
  std::vector<std::string> categories;
  for (const ObjectCategory& category : AllCategories()) {
    if (std::filesystem::exists(Data().assets / category.xml)) categories.push_back(category.name);
  }
  CHECK(categories.size() == 77);
  constexpr size_t kPerScene = 20;
  for (size_t i = 0; i < categories.size(); i += kPerScene) {
    const std::vector<std::string> some(
        categories.begin() + i, categories.begin() + std::min(i + kPerScene, categories.size()));
    const ComposedScene scene = Compose(ProblemOf(some));
    const ModelPtr model = CompileMjcf(WithoutTextures(scene.mjcf), some[0]);
    for (const SceneObject& object : scene.objects) {
      CHECK(mj_name2id(model.get(), mjOBJ_BODY, (object.name + "_main").c_str()) > 0);
      CHECK(mj_name2id(model.get(), mjOBJ_JOINT, (object.name + "_joint0").c_str()) > 0);
      for (const std::string& geom : object.contact_geoms) {
        CHECK(mj_name2id(model.get(), mjOBJ_GEOM, geom.c_str()) >= 0);
      }
      for (const std::string& joint : object.joints) {
        CHECK(mj_name2id(model.get(), mjOBJ_JOINT, joint.c_str()) >= 0);
      }
    }
  }
}

TEST_CASE("the coffee table class composes, though no suite uses it") {
  const ComposedScene scene = Compose(
      "(define (problem libero_coffee_table_manipulation) (:language test)"
      " (:regions (a (:target coffee_table) (:ranges ((0 0 0.2 0.1)))))"
      " (:fixtures coffee_table - coffee_table) (:objects plate_1 - plate)"
      " (:init (On plate_1 coffee_table_a)) (:goal (On plate_1 coffee_table_a)))");
  const ModelPtr model = CompileMjcf(WithoutTextures(scene.mjcf), "coffee");
  const int camera = mj_name2id(model.get(), mjOBJ_CAMERA, "agentview");
  REQUIRE(camera >= 0);
  CHECK(model->cam_pos[3 * camera] == 1.5);
  CHECK(model->body_pos[3 * mj_name2id(model.get(), mjOBJ_BODY, "robot0_base") + 2] == 0.41);
  CHECK(scene.arena->boundary_shrink);
}

TEST_CASE("an object of another size is that much larger in all it measures, and heavier") {
  const auto compose = [](const std::string& sizes) {
    const ComposedScene scene = Compose(With("(:init", sizes + "(:init"));
    return std::pair{scene, CompileMjcf(scene.mjcf, "t.bddl")};
  };
  const auto [plain, plain_model] = compose("");
  const auto [sized, sized_model] = compose("(:sizes (akita_black_bowl_1 1.5))");
  const SceneObject &was = plain.objects[0], &is = sized.objects[0];
  CHECK(is.size == 1.5);
  CHECK(is.bottom_z == Approx(1.5 * was.bottom_z));
  CHECK(is.top_z == Approx(1.5 * was.top_z));
  CHECK(is.horizontal_radius == Approx(1.5 * was.horizontal_radius));
  const mjModel &a = *plain_model, &b = *sized_model;
  REQUIRE(a.ngeom == b.ngeom);
  const int bowl = mj_name2id(&a, mjOBJ_BODY, "akita_black_bowl_1_main");
  CHECK(b.body_subtreemass[bowl] == Approx(1.5 * 1.5 * 1.5 * a.body_subtreemass[bowl]));
  for (int geom = 0; geom < a.ngeom; ++geom) {
    const double by = a.body_rootid[a.geom_bodyid[geom]] == bowl ? 1.5 : 1;
    CHECK(b.geom_rbound[geom] == Approx(by * a.geom_rbound[geom]).margin(1e-9));
  }
  CHECK_THROWS_WITH(Compose(With("(:init", "(:sizes (flat_stove_1 1.5))(:init")),
                    Catch::Contains("t.bddl") && Catch::Contains("no declared object"));
  const std::string jointed = With("(:init", "(:sizes (akita_black_bowl_1 1.5))(:init");
  CHECK_THROWS_WITH(Compose(Replaced(jointed, "- akita_black_bowl", "- microwave")),
                    Catch::Contains("what has joints comes in one size only"));
}

TEST_CASE("a range written backwards is the same box, as one file of LIBERO-PRO has it") {
  const ComposedScene scene = Compose(With("-0.1 0.2 0.3 0.4", "-0.1 0.4 0.3 0.2"));
  CHECK(scene.sites[0].half_size[1] == Approx(0.1));
}

TEST_CASE("scenes that cannot be composed are errors with file, line and name") {
  auto expect = [](const std::string& text, const std::string& start, const std::string& part) {
    CHECK_THROWS_WITH(Compose(text), Catch::StartsWith(start) && Catch::Contains(part));
  };
  expect(With("- akita_black_bowl", "- akita_blak_bowl"),
         "t.bddl:11:13: ", "unknown category \"akita_blak_bowl\"");
  expect(With("- akita_black_bowl", "- red_box"), "t.bddl:11:13: ", "red_box.xml");
  expect(With("white_cabinet_1_top_region)))", "white_cabinet_1_nothing_region)))"),
         "t.bddl:13:10: ", "\"white_cabinet_1_nothing_region\"");
  expect(With("(In akita_black_bowl_1 white_cabinet_1_top_region)",
              "(On akita_black_bowl_1 kitchen_table)"),
         "t.bddl:13:10: ", "\"kitchen_table\"");
  expect(With("LIBERO_Kitchen", "LIBERO_Garden"), "t.bddl: ", "libero_floor_manipulation");
  expect(With("(:ranges ((-0.1 0.2 0.3 0.4)))", ""), "t.bddl:4:5: ", "has no (:ranges ...)");
  DataPaths nowhere = Data();
  nowhere.robosuite = "/nowhere";
  CHECK_THROWS_WITH(ComposeScene(ParseBddl(kProblem, "t.bddl"), nowhere),
                    Catch::Contains("missing asset /nowhere/base.xml"));
}

}  // namespace
}  // namespace vega
