// model.json and scene.xml.

#include "tasks/scene/describe.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/paths.h"
#include "sim/model.h"
#include "tasks/scene/scene_composer.h"
#include "tests/tasks/without_textures.h"

namespace vega {
namespace {

using Json = nlohmann::json;

const char* kMjcf = R"(<mujoco><worldbody>
  <body name="box" pos="0.1 0 0.30000000000000004"><joint name="hinge" damping="0.5" range="-1 2"/>
  <geom name="cube" type="box" size=".1 .2 .3" mass="2"/><geom type="sphere" size=".1"/>
  <site name="tip"/></body><camera name="top" fovy="75"/></worldbody>
  <actuator><motor name="push" joint="hinge"/></actuator></mujoco>)";

TEST_CASE("a description holds names in order and numbers in full precision") {
  const ModelPtr model = CompileMjcf(kMjcf, "test");
  const auto folder = std::filesystem::temp_directory_path() / "vega_describe_test" / "a";
  TaskInfo task;
  task.name = "lift";
  task.instruction = "lift the box";
  WriteDescription(task, kMjcf, *model, folder);
  std::ifstream in(folder / "model.json");
  const auto json = Json::parse(in);
  CHECK(json["task"] == "lift");
  CHECK(json["language"] == "lift the box");
  CHECK(json["bddl"] == "lift.bddl");
  CHECK(json["nq"] == 1);
  CHECK(json["names"]["body"] == Json({"world", "box"}));
  CHECK(json["names"]["geom"] == Json({"cube", nullptr}));
  CHECK(json["names"]["camera"] == Json({"top"}));
  CHECK(json["body_pos"][1][2].get<double>() == 0.30000000000000004);
  CHECK(json["geom_size"][0] == Json({0.1, 0.2, 0.3}));
  CHECK(json["jnt_range"] == Json::parse("[[-0.017453292519943295, 0.03490658503988659]]"));
  CHECK(json["cam_fovy"] == Json({75.0}));
  std::ifstream xml(folder / "scene.xml");
  CHECK(std::string(std::istreambuf_iterator<char>(xml), {}) == kMjcf);
  std::filesystem::remove_all(folder.parent_path());
}

// the numbers of nested arrays in order
void Flatten(const Json& value, std::vector<double>& out) {
  if (value.is_array()) {
    for (const Json& item : value) Flatten(item, out);
  } else {
    out.push_back(value.get<double>());
  }
}

// as tests/tools/make_describe_fixture.py hashes names
std::string NamesHash(const Json& names) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const Json& name : names) {
    for (char c : (name.is_null() ? "" : name.get<std::string>()) + "\n") {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
  }
  return fmt::format("{:016x}", hash);
}

// resets move the root bodies of instances, so the fixture leaves their poses out
Json WithoutRootBodies(const Json& poses, const Json& bodies) {
  Json kept = Json::array();
  for (size_t i = 0; i < bodies.size(); ++i) {
    if (!bodies[i].get<std::string>().ends_with("_main")) kept.push_back(poses[i]);
  }
  return kept;
}

// A number and the same number weighted by its place; equal within 1e-9 of the size of what was
// summed.
void CheckSums(const Json& values, const Json& expected) {
  std::vector<double> numbers;
  Flatten(values, numbers);
  double sum = 0, weighted = 0, size = 1;
  for (size_t i = 0; i < numbers.size(); ++i) {
    sum += numbers[i];
    weighted += (i % 97 + 1) * numbers[i];
    size += std::abs(numbers[i]);
  }
  CHECK(sum == Approx(expected[0].get<double>()).margin(1e-9 * size));
  CHECK(weighted == Approx(expected[1].get<double>()).margin(1e-7 * size));
}

TEST_CASE("models of every problem class and PRO axis are Python LIBERO's") {
  std::ifstream in(std::string(VEGA_FIXTURES) + "/describe/scenes.json");
  const auto folder = std::filesystem::temp_directory_path() / "vega_describe_scenes_test";
  for (const Json& expected : Json::parse(in)) {
    const std::string suite = expected["suite"], bddl = expected["bddl"];
    INFO(suite << " " << bddl);
    const ComposedScene scene =
        ComposeScene(LoadBddl(Data().libero / "bddl_files" / suite / bddl), Data());
    const ModelPtr model = CompileMjcf(WithoutTextures(scene.mjcf), bddl);
    WriteDescription({}, scene.mjcf, *model, folder);
    std::ifstream file(folder / "model.json");
    Json json = Json::parse(file);
    for (const char* count : {"nq", "nv", "nu"}) CHECK(json[count] == expected[count]);
    const Json& bodies = json["names"]["body"];
    REQUIRE(bodies == expected["bodies"]);
    for (const auto& [kind, hash] : expected["name_hashes"].items()) {
      INFO(kind);
      CHECK(NamesHash(json["names"][kind]) == hash);
    }
    for (size_t i = 0; i < bodies.size(); ++i) {
      CHECK(json["body_mass"][i].get<double>() ==
            Approx(expected["body_mass"][i].get<double>()).margin(1e-9));
    }
    for (const char* key : {"body_pos", "body_quat"})
      json[key] = WithoutRootBodies(json[key], bodies);
    for (const auto& [key, sums] : expected["sums"].items()) {
      INFO(key);
      CheckSums(json[key], sums);
    }
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("a description that cannot be written is an error that names the folder") {
  const ModelPtr model = CompileMjcf(kMjcf, "test");
  CHECK_THROWS_WITH(WriteDescription({}, kMjcf, *model, "/dev/null/here"),
                    Catch::Contains("/dev/null/here"));
}

}  // namespace
}  // namespace vega
