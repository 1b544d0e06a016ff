// Bounding spheres against the view's pyramid.

#include "sim/visible_geoms.h"

#include <Eigen/Core>
#include <Eigen/Geometry>
#include <algorithm>
#include <array>

namespace vega {
namespace {

using Vector = Eigen::Vector3f;

// what lies outside may still show: as a shadow or in a mirror
bool ShowsOutside(const mjvScene& scene) {
  return std::any_of(scene.lights, scene.lights + scene.nlight,
                     [](const mjvLight& light) { return light.castshadow; }) ||
         std::any_of(scene.geoms, scene.geoms + scene.ngeom, [](const mjvGeom& geom) {
           return geom.reflectance > 0 && (geom.type == mjGEOM_PLANE || geom.type == mjGEOM_BOX);
         });
}

// The pyramid between the near and the far plane.
class View {
 public:
  View(const mjvGLCamera& camera, int height, int width)
      : eye_(camera.pos),
        forward_(camera.forward),
        near_(camera.frustum_near),
        far_(camera.frustum_far) {
    const Vector up(camera.up);
    const Vector right = forward_.cross(up);
    const float rise = camera.frustum_top - camera.frustum_bottom;
    const float half =
        camera.frustum_width > 0 ? camera.frustum_width : 0.5F * rise * width / height;
    // inward normals: each plane holds the eye and an edge of the near plane's rectangle
    sides_ = {near_ * right - (camera.frustum_center - half) * forward_,
              -near_ * right + (camera.frustum_center + half) * forward_,
              near_ * up - camera.frustum_bottom * forward_,
              -near_ * up + camera.frustum_top * forward_};
    for (Vector& side : sides_) side.normalize();
  }

  bool Shows(const mjvGeom& geom) const {
    if (geom.modelrbound <= 0) return true;  // unbounded, or decoration
    const float radius = 1.001F * geom.modelrbound + 1e-4F;
    const Vector centre = Vector(geom.pos) - eye_;
    const float depth = forward_.dot(centre);
    return depth + radius >= near_ && depth - radius <= far_ &&
           std::all_of(sides_.begin(), sides_.end(),
                       [&](const Vector& side) { return side.dot(centre) + radius >= 0; });
  }

 private:
  Vector eye_, forward_;
  float near_, far_;  // m
  std::array<Vector, 4> sides_;
};

}  // namespace

void DropInvisible(mjvScene& scene, int height, int width) {
  if (ShowsOutside(scene)) return;
  const View view(mjv_averageCamera(scene.camera, scene.camera + 1), height, width);
  mjvGeom* const end = std::remove_if(scene.geoms, scene.geoms + scene.ngeom,
                                      [&](const mjvGeom& geom) { return !view.Shows(geom); });
  scene.ngeom = static_cast<int>(end - scene.geoms);
}

double MetresOf(double pixels, const mjvGeom& geom, const mjvGLCamera& camera, int height) {
  const float centre = (Vector(geom.pos) - Vector(camera.pos)).norm();
  const float nearest = std::max(centre - geom.modelrbound, camera.frustum_near);
  const float rise = camera.frustum_top - camera.frustum_bottom;
  return pixels * nearest * rise / (camera.frustum_near * height);
}

}  // namespace vega
