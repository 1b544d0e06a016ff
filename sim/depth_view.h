// A picture with the depth of each pixel and the camera that took it: what 3-D probes look at.

#pragma once

#include <mujoco/mujoco.h>

#include <array>
#include <vector>

#include "sim/image.h"

namespace vega {

// A pinhole camera in the world. Pixel (row, column) spans [row, row + 1) x [column, column + 1),
// (0, 0) is the top left corner of the picture.
struct PinholeCamera {
  int height = 0, width = 0;         // pixels
  double focal = 0;                  // pixels, along both axes; the centre is the picture's
  std::array<double, 3> position{};  // m, world
  std::array<double, 9> rotation{};  // 3x3 row by row: camera axes (right, down, forward) to world

  // World position, m, of what the middle of a pixel shows at `depth` m along the optical axis.
  std::array<double, 3> Unproject(int row, int column, double depth) const;
};

struct DepthView {
  Image image;
  std::vector<float> depth;  // (height x width) m along the optical axis; 0 where nothing is
  std::vector<int> geoms;    // (height x width) MuJoCo's id of what is seen; -1 where nothing is
  PinholeCamera camera;
};

// A view and the pictures of the camera's way to it.
struct ViewClip {
  std::vector<Image> earlier;  // T - 1 pictures, oldest first
  DepthView view;
};

// MuJoCo's free camera: looks at `lookat` (m, world) from `distance` m; azimuth and elevation in
// degrees, azimuth counted about +z from +x for the direction of view, elevation negative when it
// looks down.
mjvCamera OrbitCamera(const std::array<double, 3>& lookat, double distance, double azimuth,
                      double elevation);

}  // namespace vega
