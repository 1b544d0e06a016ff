// A camera of a model: where it is fixed and how its rays run.

#pragma once

#include <mujoco/mujoco.h>

#include <array>
#include <string>

namespace vega {

struct CameraSpec {
  std::string name;
  int id = -1;                   // in the model
  std::string body;              // that carries it; "world" for a fixed camera
  std::array<double, 3> pos{};   // m, in the body's frame
  std::array<double, 4> quat{};  // w,x,y,z, in the body's frame; it looks along -z, +y is up
  double fovy = 0;               // degrees, from the picture's top to its bottom

  // Focal length in pixels of a picture `height` pixels high; the same along both axes.
  double FocalLength(int height) const;
};

// Throws Error naming the model's cameras when it has none of that name.
CameraSpec FindCamera(const mjModel& model, const std::string& name);

// Whether a camera stands still in the world.
bool IsFixed(const mjModel& model, int camera);
// Moves a camera by `by`, m, and turns it about `turn`, a rotation vector, rad, both in the frame
// of the body that carries it.
void MoveCamera(mjModel& model, int camera, const std::array<double, 3>& by,
                const std::array<double, 3>& turn);

}  // namespace vega
