// Reading cameras from a model.

#include "sim/camera.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "sim/base/error.h"

namespace vega {

double CameraSpec::FocalLength(int height) const {
  return 0.5 * height / std::tan(0.5 * fovy * std::numbers::pi / 180);
}

CameraSpec FindCamera(const mjModel& model, const std::string& name) {
  CameraSpec camera;
  camera.name = name;
  camera.id = mj_name2id(&model, mjOBJ_CAMERA, name.c_str());
  if (camera.id < 0) {
    std::string known;
    for (int i = 0; i < model.ncam; ++i) {
      known += (i ? ", " : "") + std::string(model.names + model.name_camadr[i]);
    }
    throw Error("the scene has no camera \"" + name + "\"", "it has " + known);
  }
  camera.body = model.names + model.name_bodyadr[model.cam_bodyid[camera.id]];
  std::copy_n(model.cam_pos + 3 * camera.id, 3, camera.pos.begin());
  std::copy_n(model.cam_quat + 4 * camera.id, 4, camera.quat.begin());
  camera.fovy = model.cam_fovy[camera.id];
  return camera;
}

bool IsFixed(const mjModel& model, int camera) { return model.cam_bodyid[camera] == 0; }

void MoveCamera(mjModel& model, int camera, const std::array<double, 3>& by,
                const std::array<double, 3>& turn) {
  mjtNum axis[3], rotation[4], turned[4];
  for (int i = 0; i < 3; ++i) {
    model.cam_pos[3 * camera + i] += by[i];
    axis[i] = turn[i];
  }
  const mjtNum angle = mju_normalize3(axis);
  mju_axisAngle2Quat(rotation, axis, angle);
  mju_mulQuat(turned, rotation, model.cam_quat + 4 * camera);
  mju_copy4(model.cam_quat + 4 * camera, turned);
}

}  // namespace vega
