// Builds arenas as LIBERO's envs/arenas and envs/problems do.

#include "tasks/scene/arenas.h"

#include <fmt/format.h>

#include <cmath>

#include "sim/base/error.h"
#include "tasks/bddl/bddl_tree.h"
#include "tasks/scene/mjcf.h"

namespace vega {
namespace {

constexpr std::array<double, 4> kHighQuat = {0.6380177736282349, 0.3048497438430786,
                                             0.30484986305236816, 0.6380177736282349};
constexpr std::array<double, 4> kLowQuat = {0.6182166934013367, 0.3432307541370392,
                                            0.3432314395904541, 0.6182177066802979};
constexpr std::array<double, 4> kFrontQuat = {0.56, 0.43, 0.43, 0.56};
constexpr CameraPose kGalleryView = {
    "galleryview",
    {2.844547668904445, 2.1279684793440667, 3.128616846013882},
    {0.42261379957199097, 0.23374411463737488, 0.41646939516067505, 0.7702690958976746}};
constexpr CameraPose kPaperView = {"paperview", {2.1, 0.535, 2.075}, {0.513, 0.353, 0.443, 0.645}};
constexpr double kZoneHalfHeight = 0.007;  // m, of a workspace region's site

Arena Tabletop() {
  return {
      .spec = {"libero_tabletop_manipulation", "table", {0, 0, 0.90}, 0.01 - 0.05, true},
      .scene = "libero_tabletop_base_style.xml",
      .floor = "light-gray-floor-tile.png",
      .wall = "light-gray-plaster.png",
      .region_mark = "main_table",
      .workspace_body = "table",
      .region_offset = {0, 0, 0.02},
      .table = {{{1.0, 1.2, 0.05}, {0.6, 0.005, 0.0001}}},
      .mounted = true,
      .robot_base = {-0.16 - 1.0 / 2, 0, 0},
      .cameras = {{"agentview", {0.6586131746834771, 0.0, 1.6103500240372423}, kHighQuat},
                  {"frontview", {1.0, 0.0, 1.48}, kFrontQuat},
                  kGalleryView},
  };
}

Arena KitchenTabletop() {
  return {
      .spec = {"libero_kitchen_tabletop_manipulation",
               "kitchen_table",
               {0, 0, 0.90},
               0.01 - 0.05,
               false},
      .scene = "libero_kitchen_tabletop_base_style.xml",
      .floor = "gray_ceramic_tile.png",
      .wall = "yellow_linen_wall_texture.png",
      .region_mark = "kitchen_table",
      .workspace_body = "table",
      .region_offset = {0, 0, 0},
      .table = {{{1.0, 1.2, 0.05}, {1, 0.005, 0.0001}}},
      .mounted = true,
      .robot_base = {-0.16 - 1.0 / 2, 0, 0},
      .cameras = {{"agentview", {0.6586131746834771, 0.0, 1.6103500240372423}, kHighQuat},
                  {"frontview", {1.0, 0.0, 1.48}, kFrontQuat},
                  kGalleryView,
                  kPaperView},
  };
}

Arena StudyTabletop() {
  return {
      .spec = {"libero_study_tabletop_manipulation",
               "study_table",
               {-0.2, 0, 0.867},
               0.01 - 0.05,
               false},
      .scene = "libero_study_base_style.xml",
      .floor = "light-gray-floor-tile.png",
      .wall = "light-gray-plaster.png",
      .region_mark = "study_table",
      .workspace_body = "study_table",
      .region_offset = {-0.2, 0, 0.867},
      .mounted = true,
      .robot_base = {-0.25 - 1.0 / 2, 0, 0},
      .cameras = {{"agentview", {0.4586131746834771, 0.0, 1.6103500240372423}, kHighQuat},
                  {"frontview", {1.0, 0.0, 1.48}, kFrontQuat},
                  kGalleryView,
                  kPaperView},
  };
}

Arena LivingRoomTabletop() {
  return {
      .spec = {"libero_living_room_tabletop_manipulation",
               "living_room_table",
               {0, 0, 0.41},
               0.01 - 0.024,
               false},
      .scene = "libero_living_room_tabletop_base_style.xml",
      .floor = "seamless_wood_planks_floor.png",
      .wall = "light-gray-plaster.png",
      .region_mark = "living_room_table",
      .workspace_body = "living_room_table",
      .region_offset = {0, 0, 0.41},
      .robot_base = {-0.16 - 0.70 / 2, 0, 0.42},
      .cameras = {{"agentview", {0.6065773716836134, 0.0, 0.96}, kLowQuat},
                  {"frontview", {1.5, 0.0, 0.9}, kFrontQuat},
                  kGalleryView,
                  {"paperview", {2.1, 0.735, 1.875}, kPaperView.quat}},
  };
}

Arena Floor() {
  return {
      .spec = {"libero_floor_manipulation", "floor", {0, 0, -0.035}, -0.025, true},
      .scene = "libero_floor_base_style.xml",
      .floor = "light-gray-floor-tile.png",
      .wall = "light-gray-plaster.png",
      .region_mark = "floor",
      .workspace_body = "floor",
      .region_offset = {0, 0, 0.02},
      .robot_base = {-0.6, 0, 0},
      .cameras = {{"agentview", {0.8965773716836134, 5.216182733499864e-07, 0.65}, kLowQuat},
                  {"frontview", {1.0, 0.0, 0.65}, kFrontQuat},
                  kGalleryView},
  };
}

Arena CoffeeTable() {
  return {
      .spec =
          {"libero_coffee_table_manipulation", "coffee_table", {0, 0, 0.41}, 0.01 - 0.024, true},
      .scene = "libero_coffee_table_base_style.xml",
      .floor = "seamless_wood_planks_floor.png",
      .wall = "light-gray-plaster.png",
      .region_mark = "coffee_table",
      .workspace_body = "coffee_table",
      .region_offset = {0, 0, 0.02},
      .robot_base = {-0.16 - 0.70 / 2, 0, 0.41},
      .cameras = {{"agentview", {1.5, 0.0, 0.9}, kFrontQuat},
                  kGalleryView,
                  {"canonical_agentview",
                   {0.5386131746834771, 0.0, 0.7903500240372423},
                   kHighQuat}},
  };
}

// the texture keeps its folder and takes another file
void SetTextureFile(pugi::xml_node assets, const char* texture, const char* file) {
  pugi::xml_attribute path = FindElement(assets, "texture", texture).attribute("file");
  path.set_value(std::filesystem::path(path.value()).replace_filename(file).c_str());
}

// size and height of the table and its four legs
void ShapeTable(pugi::xml_node worldbody, const TableShape& table, double top) {
  const std::array<double, 3> half = {table.size[0] / 2, table.size[1] / 2, table.size[2] / 2};
  const pugi::xml_node body = FindElement(worldbody, "body", "table");
  SetNumbers(body, "pos", std::array{0.0, 0.0, -half[2] + top});
  const pugi::xml_node collision = FindElement(body, "geom", "table_collision");
  SetNumbers(collision, "size", half);
  SetNumbers(collision, "friction", table.friction);
  SetNumbers(FindElement(body, "geom", "table_visual"), "size", half);
  SetNumbers(FindElement(body, "site", "table_top"), "pos", std::array{0.0, 0.0, half[2]});
  const double leg = (top - half[2]) / 2;
  constexpr double kInset = 0.1;  // m, of a leg from the border
  constexpr std::array<std::array<double, 2>, 4> kCorners = {{{1, 1}, {-1, 1}, {-1, -1}, {1, -1}}};
  for (int i = 0; i < 4; ++i) {
    const pugi::xml_node geom =
        FindElement(body, "geom", fmt::format("table_leg{}_visual", i + 1).c_str());
    SetNumbers(geom, "pos",
               std::array{kCorners[i][0] * half[0] - kCorners[i][0] * kInset,
                          kCorners[i][1] * half[1] - kCorners[i][1] * kInset, -leg});
    SetNumbers(geom, "size", std::array{0.025, leg});
  }
}

void SetCamera(pugi::xml_node worldbody, const CameraPose& pose) {
  pugi::xml_node camera = FindElement(worldbody, "camera", pose.name);
  if (!camera) {
    camera = worldbody.append_child("camera");
    SetText(camera, "name", pose.name);
  }
  SetNumbers(camera, "pos", pose.pos);
  SetNumbers(camera, "quat", pose.quat);
}

// a region of the workspace becomes a flat box site
void AddRegionSite(const Arena& arena, const BddlProblem& problem, const BddlRegion& region,
                   pugi::xml_node body, std::vector<SceneSite>& sites) {
  const std::string name = region.full_name();
  if (region.ranges.empty()) {
    FailAt(problem.source, region.line, region.column,
           fmt::format("workspace region \"{}\" has no (:ranges ...)", name));
  }
  const auto [x0, y0, x1, y1] = region.ranges[0];
  // LIBERO-PRO has a file whose range is written y1 y0; a box is a box
  SceneSite site{.name = name,
                 .half_size = {std::abs(x1 - x0) / 2, std::abs(y1 - y0) / 2, kZoneHalfHeight}};
  const pugi::xml_node element = body.append_child("site");
  SetText(element, "name", name.c_str());
  SetText(element, "type", "box");
  SetNumbers(element, "pos",
             std::array{(x1 + x0) / 2 + arena.region_offset[0],
                        (y1 + y0) / 2 + arena.region_offset[1], arena.region_offset[2]});
  SetNumbers(element, "quat", std::array{1.0, 0.0, 0.0, 0.0});
  SetNumbers(element, "rgba", region.rgba);
  SetNumbers(element, "size", site.half_size);
  sites.push_back(std::move(site));
}

}  // namespace

const std::vector<Arena>& AllArenas() {
  static const std::vector<Arena> arenas = {
      Tabletop(), KitchenTabletop(), StudyTabletop(), LivingRoomTabletop(), Floor(), CoffeeTable()};
  return arenas;
}

const Arena& FindArenaDetails(const std::string& problem_name) {
  std::vector<std::string> known;
  for (const Arena& arena : AllArenas()) {
    if (arena.spec.problem_name == problem_name) return arena;
    known.push_back(arena.spec.problem_name);
  }
  throw Error(fmt::format("unknown problem class \"{}\"", problem_name),
              fmt::format("known: {}", fmt::join(known, ", ")));
}

const ArenaSpec& FindArena(const std::string& problem_name) {
  return FindArenaDetails(problem_name).spec;
}

pugi::xml_document BuildArena(const Arena& arena, const BddlProblem& problem,
                              const std::filesystem::path& assets, std::vector<SceneSite>& sites) {
  pugi::xml_document document = LoadMjcf(assets / "scenes" / arena.scene);
  const pugi::xml_node root = document.child("mujoco");
  const pugi::xml_node worldbody = root.child("worldbody");
  RecolorCollisionGeoms(worldbody, "0.5 0.5 0 1", "floor");
  if (!arena.table.empty()) {
    SetNumbers(worldbody.find_child_by_attribute("geom", "name", "floor"), "pos",
               std::array{0.0, 0.0, 0.0});
    ShapeTable(worldbody, arena.table[0], arena.spec.workspace_offset[2]);
  }
  SetTextureFile(root.child("asset"), "texplane", arena.floor);
  SetTextureFile(root.child("asset"), "tex-wall", arena.wall);
  for (const CameraPose& camera : arena.cameras) SetCamera(worldbody, camera);
  const pugi::xml_node body =
      worldbody.find_child_by_attribute("body", "name", arena.workspace_body);
  for (const BddlRegion& region : problem.regions) {
    if (region.full_name().find(arena.region_mark) == std::string::npos) continue;
    AddRegionSite(arena, problem, region, body, sites);
  }
  return document;
}

}  // namespace vega
