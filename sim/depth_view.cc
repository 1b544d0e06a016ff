// Rays of a pinhole camera.

#include "sim/depth_view.h"

#include <algorithm>

namespace vega {

std::array<double, 3> PinholeCamera::Unproject(int row, int column, double depth) const {
  const double right = (column + 0.5 - 0.5 * width) / focal * depth;
  const double down = (row + 0.5 - 0.5 * height) / focal * depth;
  std::array<double, 3> point;
  for (int i = 0; i < 3; ++i) {
    const double* r = rotation.data() + 3 * i;
    point[i] = position[i] + r[0] * right + r[1] * down + r[2] * depth;
  }
  return point;
}

mjvCamera OrbitCamera(const std::array<double, 3>& lookat, double distance, double azimuth,
                      double elevation) {
  mjvCamera camera;
  mjv_defaultCamera(&camera);
  camera.type = mjCAMERA_FREE;
  std::copy(lookat.begin(), lookat.end(), camera.lookat);
  camera.distance = distance;
  camera.azimuth = azimuth;
  camera.elevation = elevation;
  return camera;
}

}  // namespace vega
