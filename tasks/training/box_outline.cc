#include "tasks/training/box_outline.h"

#include <algorithm>
#include <array>

namespace vega {
namespace {

constexpr double kNear = 0.01;  // m, corners nearer than this count as behind

double Cross(const Vector2d& a, const Vector2d& b) { return a.x() * b.y() - a.y() * b.x(); }

// corners of the convex hull, in order around it (Andrew's monotone chain)
std::vector<Vector2d> ConvexHull(std::vector<Vector2d> points) {
  std::sort(points.begin(), points.end(), [](const Vector2d& a, const Vector2d& b) {
    return a.x() != b.x() ? a.x() < b.x() : a.y() < b.y();
  });
  std::vector<Vector2d> hull;
  for (int pass = 0; pass < 2; ++pass) {
    const size_t begin = hull.size();
    for (const Vector2d& point : points) {
      while (hull.size() >= begin + 2 &&
             Cross(hull.back() - hull[hull.size() - 2], point - hull.back()) <= 0) {
        hull.pop_back();
      }
      hull.push_back(point);
    }
    hull.pop_back();
    std::reverse(points.begin(), points.end());
  }
  return hull;
}

}  // namespace

std::vector<bool> BoxOutline(const mjData& data, const CameraSpec& camera, const Pose& box,
                             const Vector3d& half, int size) {
  std::vector<bool> inside(static_cast<size_t>(size) * size, false);
  const Eigen::Map<const Vector3d> eye(data.cam_xpos + 3 * camera.id);
  const Matrix3d to_world =
      Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(data.cam_xmat + 9 * camera.id);
  const double focal = camera.FocalLength(size);
  std::vector<Vector2d> corners;
  for (int corner = 0; corner < 8; ++corner) {
    const Vector3d local(corner & 1 ? half.x() : -half.x(), corner & 2 ? half.y() : -half.y(),
                         corner & 4 ? half.z() : -half.z());
    // x to the right, y up, looking along -z
    const Vector3d seen = to_world.transpose() * (box * local - eye);
    if (-seen.z() < kNear) return inside;
    corners.emplace_back(size / 2.0 + focal * seen.x() / -seen.z(),
                         size / 2.0 - focal * seen.y() / -seen.z());
  }
  const std::vector<Vector2d> hull = ConvexHull(corners);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const Vector2d middle(x + 0.5, y + 0.5);
      bool in = hull.size() >= 3;
      for (size_t i = 0; i < hull.size() && in; ++i) {
        const Vector2d& a = hull[i];
        in = Cross(hull[(i + 1) % hull.size()] - a, middle - a) >= 0;
      }
      inside[static_cast<size_t>(y) * size + x] = in;
    }
  }
  return inside;
}

}  // namespace vega
