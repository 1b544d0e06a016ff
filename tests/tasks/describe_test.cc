// model.json and scene.xml.

#include "tasks/describe.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/model.h"

namespace vega {
namespace {

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
  const auto json = nlohmann::json::parse(in);
  CHECK(json["task"] == "lift");
  CHECK(json["language"] == "lift the box");
  CHECK(json["bddl"] == "lift.bddl");
  CHECK(json["nq"] == 1);
  CHECK(json["names"]["body"] == nlohmann::json({"world", "box"}));
  CHECK(json["names"]["geom"] == nlohmann::json({"cube", nullptr}));
  CHECK(json["names"]["camera"] == nlohmann::json({"top"}));
  CHECK(json["body_pos"][1][2].get<double>() == 0.30000000000000004);
  CHECK(json["geom_size"][0] == nlohmann::json({0.1, 0.2, 0.3}));
  CHECK(json["jnt_range"] ==
        nlohmann::json::parse("[[-0.017453292519943295, 0.03490658503988659]]"));
  CHECK(json["cam_fovy"] == nlohmann::json({75.0}));
  std::ifstream xml(folder / "scene.xml");
  CHECK(std::string(std::istreambuf_iterator<char>(xml), {}) == kMjcf);
  std::filesystem::remove_all(folder.parent_path());
}

TEST_CASE("a description that cannot be written is an error that names the folder") {
  const ModelPtr model = CompileMjcf(kMjcf, "test");
  CHECK_THROWS_WITH(WriteDescription({}, kMjcf, *model, "/dev/null/here"),
                    Catch::Contains("/dev/null/here"));
}

}  // namespace
}  // namespace vega
