#include "tasks/generate/variation.h"

#include <fmt/format.h>

#include <Eigen/Geometry>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/file.h"

namespace vega {

std::filesystem::path VariationFile(const std::filesystem::path& bddl) {
  return bddl.parent_path() / (bddl.stem().string() + ".variation.json");
}

std::string ToText(const Variation& v) {
  const nlohmann::ordered_json json = {{"camera_shift_m", v.camera_shift},
                                       {"camera_turn_rad", v.camera_turn},
                                       {"light_factor", v.light},
                                       {"arm_rad", v.arm}};
  return json.dump(2) + "\n";
}

Variation LoadVariation(const std::filesystem::path& file) {
  try {
    const auto json = nlohmann::json::parse(MappedFile(file).text());
    return {json.at("camera_shift_m"), json.at("camera_turn_rad"), json.at("light_factor"),
            json.at("arm_rad")};
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{}: {}", file.string(), error.what()),
                "generate the problem again, or delete the file for none");
  }
}

void Apply(const Variation& v, Scene& scene) {
  mjModel& model = scene.mutable_model();
  const int camera = mj_name2id(&model, mjOBJ_CAMERA, "agentview");
  if (camera >= 0) {
    const Eigen::Quaterniond turn(Eigen::AngleAxisd(v.camera_turn, Eigen::Vector3d::UnitZ()));
    mjtNum* q = model.cam_quat + 4 * camera;
    const Eigen::Quaterniond turned = turn * Eigen::Quaterniond(q[0], q[1], q[2], q[3]);
    q[0] = turned.w(), q[1] = turned.x(), q[2] = turned.y(), q[3] = turned.z();
    for (int i = 0; i < 3; ++i) model.cam_pos[3 * camera + i] += v.camera_shift[i];
  }
  for (int i = 0; i < 3 * model.nlight; ++i) {
    model.light_diffuse[i] = static_cast<float>(model.light_diffuse[i] * v.light);
  }
  for (int i = 0; i < kArmJoints; ++i) {
    scene.mutable_data().qpos[scene.robot().qpos[i]] += v.arm[i];
  }
}

}  // namespace vega
