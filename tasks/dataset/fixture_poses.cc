#include "tasks/dataset/fixture_poses.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <pugixml.hpp>
#include <sstream>

#include "sim/base/error.h"

namespace vega {
namespace {

// what a text file may lose of a number and still mean the same pose
constexpr double kRounding = 1e-6;

std::map<std::string, pugi::xml_node> Bodies(const pugi::xml_document& document) {
  std::map<std::string, pugi::xml_node> bodies;
  for (const pugi::xpath_node& found : document.select_nodes("//body[@name]")) {
    bodies.emplace(found.node().attribute("name").value(), found.node());
  }
  return bodies;
}

bool Moved(const double* a, const double* b, int n, double tolerance) {
  return !std::equal(a, a + n, b, [&](double x, double y) { return std::abs(x - y) <= tolerance; });
}

bool HasFreeJoint(const mjModel& model, int body) {
  return model.body_jntnum[body] > 0 && model.jnt_type[model.body_jntadr[body]] == mjJNT_FREE;
}

void Set(pugi::xml_node body, const char* key, std::span<const double> values) {
  if (!body.attribute(key)) body.append_attribute(key);
  body.attribute(key).set_value(fmt::format("{}", fmt::join(values, " ")).c_str());
}

}  // namespace

std::string WithFixturePoses(const std::string& mjcf, const mjModel& placed, const mjModel& base) {
  pugi::xml_document document;
  if (!document.load_string(mjcf.c_str())) throw Error("the scene's MJCF is not XML");
  const std::map<std::string, pugi::xml_node> bodies = Bodies(document);
  for (int i = 1; i < base.nbody; ++i) {
    const double* pos = placed.body_pos + 3 * i;
    const double* quat = placed.body_quat + 4 * i;
    if (!Moved(pos, base.body_pos + 3 * i, 3, 0) && !Moved(quat, base.body_quat + 4 * i, 4, 0)) {
      continue;
    }
    const std::string name = base.names + base.name_bodyadr[i];
    const auto found = bodies.find(name);
    if (found == bodies.end()) throw Error("the scene's MJCF has no body \"" + name + "\"");
    pugi::xml_node body = found->second;
    for (const char* key : {"axisangle", "xyaxes", "zaxis", "euler"}) body.remove_attribute(key);
    Set(body, "pos", {pos, 3});
    Set(body, "quat", {quat, 4});
  }
  std::ostringstream text;
  document.save(text, " ");
  return text.str();
}

std::vector<ResetPlacement::Pose> FixturePoses(const std::string& model_file, const mjModel& base,
                                               const std::string& source) {
  pugi::xml_document document;
  if (!document.load_string(model_file.c_str())) {
    throw Error(source + ": model_file is not XML", "the file is damaged");
  }
  std::vector<ResetPlacement::Pose> poses;
  for (const auto& [name, body] : Bodies(document)) {
    const int id = mj_name2id(&base, mjOBJ_BODY, name.c_str());
    if (id <= 0 || HasFreeJoint(base, id) || !body.attribute("pos")) continue;
    ResetPlacement::Pose pose{.body = id};
    std::istringstream(body.attribute("pos").value()) >> pose.pos[0] >> pose.pos[1] >> pose.pos[2];
    std::copy_n(base.body_quat + 4 * id, 4, pose.quat);
    if (const char* quat = body.attribute("quat").value(); *quat) {
      std::istringstream(quat) >> pose.quat[0] >> pose.quat[1] >> pose.quat[2] >> pose.quat[3];
    } else if (!body.attribute("euler") && !body.attribute("axisangle") &&
               !body.attribute("xyaxes") && !body.attribute("zaxis")) {
      const double identity[4] = {1, 0, 0, 0};
      std::copy_n(identity, 4, pose.quat);
    }
    // the compiler has scaled those it read to length one
    double unit[4];
    std::copy_n(pose.quat, 4, unit);
    mju_normalize4(unit);
    if (Moved(pose.pos, base.body_pos + 3 * id, 3, kRounding) ||
        Moved(unit, base.body_quat + 4 * id, 4, kRounding)) {
      poses.push_back(pose);
    }
  }
  return poses;
}

}  // namespace vega
