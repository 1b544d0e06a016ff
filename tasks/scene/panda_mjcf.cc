// Assembles robot, mount and gripper as robosuite's models/robots/robot_model.py does.

#include "tasks/scene/panda_mjcf.h"

#include <fmt/format.h>

#include <cstring>

#include "sim/base/error.h"
#include "tasks/scene/mjcf.h"

namespace vega {
namespace {

constexpr std::array<double, 7> kDamping = {0.1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01};  // N m s/rad
constexpr double kFrictionLoss = 0.1;                                              // N m

// a robosuite model file: unnamed geoms named by kind, everything prefixed, collision geoms
// coloured
pugi::xml_document LoadPart(const std::filesystem::path& file, const char* prefix,
                            const char* rgba) {
  pugi::xml_document document = LoadMjcf(file);
  const pugi::xml_node root = document.child("mujoco");
  int collision = 0;
  int visual = 0;
  VisitElements(root, [&](pugi::xml_node node) {
    if (std::strcmp(node.name(), "geom") != 0 || node.attribute("name")) return;
    const std::string name =
        IsGroup0Geom(node) ? fmt::format("g{}_col", collision++) : fmt::format("g{}_vis", visual++);
    SetText(node, "name", name.c_str());
  });
  AddPrefix(root, prefix);
  RecolorCollisionGeoms(root.child("worldbody"), rgba);
  return document;
}

// m; zero when the body has no position
std::array<double, 3> Position(pugi::xml_node body) {
  const std::vector<double> pos = GetNumbers(body, "pos");
  if (pos.size() != 3) return {0, 0, 0};
  return {pos[0], pos[1], pos[2]};
}

// what robosuite's RobotModel and LIBERO's MountedPanda set on the arm's joints
void SetJoints(pugi::xml_node worldbody) {
  int index = 0;
  VisitElements(worldbody, [&](pugi::xml_node node) {
    if (std::strcmp(node.name(), "joint") != 0 || index == 7) return;
    if (!node.attribute("frictionloss")) {
      SetNumbers(node, "frictionloss", std::array{kFrictionLoss});
    }
    if (!node.attribute("armature")) SetNumbers(node, "armature", std::array{5.0 / (index + 1)});
    SetNumbers(node, "damping", std::array{kDamping[index]});
    ++index;
  });
}

void Merge(pugi::xml_node robot, pugi::xml_node part, pugi::xml_node body) {
  AppendChildren(body, part.child("worldbody"));
  MergeAssets(robot.child("asset"), part.child("asset"));
  for (const char* section : {"actuator", "sensor"}) {
    if (!part.child(section)) continue;
    pugi::xml_node target = robot.child(section);
    if (!target) target = robot.append_child(section);
    AppendChildren(target, part.child(section));
  }
}

}  // namespace

pugi::xml_document BuildPanda(bool mounted, const std::array<double, 3>& base,
                              const std::filesystem::path& robosuite) {
  pugi::xml_document document =
      LoadPart(robosuite / "robots/panda/robot.xml", "robot0_", "0 0.5 0 1");
  const pugi::xml_node robot = document.child("mujoco");
  const pugi::xml_node worldbody = robot.child("worldbody");
  SetJoints(worldbody);

  const auto mount =
      LoadPart(robosuite / (mounted ? "mounts/rethink_mount.xml" : "mounts/null_mount.xml"),
               "mount0_", "0.5 0.5 0 1");
  const pugi::xml_node mount_body = mount.child("mujoco").child("worldbody").child("body");
  const pugi::xml_node root_body = worldbody.child("body");
  const std::array<double, 3> mount_top = {0, 0, mounted ? -0.01 : 0.0};  // RethinkMount.top_offset
  const std::array<double, 3> mount_bottom = Position(mount_body);
  const std::array<double, 3> offset = Position(root_body);
  std::array<double, 3> mount_pos;
  std::array<double, 3> base_pos;
  for (int i = 0; i < 3; ++i) {
    mount_pos[i] = offset[i] - mount_top[i];
    base_pos[i] = base[i] - ((mount_bottom[i] - mount_top[i]) + offset[i]);
  }
  SetNumbers(mount_body, "pos", mount_pos);
  Merge(robot, mount.child("mujoco"), root_body);
  SetNumbers(root_body, "pos", base_pos);

  const auto gripper = LoadPart(robosuite / "grippers/panda_gripper.xml", "gripper0_", "0 0 0.5 1");
  Merge(robot, gripper.child("mujoco"), FindElement(worldbody, "body", "robot0_right_hand"));
  return document;
}

}  // namespace vega
