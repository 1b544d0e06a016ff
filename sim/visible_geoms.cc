// Bounding spheres against the view's pyramid.

#include "sim/visible_geoms.h"

#include <Eigen/Core>
#include <Eigen/Geometry>
#include <algorithm>
#include <array>

namespace vega {
namespace {

using Vector = Eigen::Vector3f;

// as mjr_render judges it
bool Mirrors(const mjvGeom& geom) {
  return geom.reflectance > 0 && (geom.type == mjGEOM_PLANE || geom.type == mjGEOM_BOX) &&
         geom.rgba[3] >= 0.995F;
}

// what lies outside may still show: as a shadow or in a mirror
bool ShowsOutside(const mjvScene& scene) {
  return CastsShadows(scene) || std::any_of(scene.geoms, scene.geoms + scene.ngeom, Mirrors);
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

bool CastsShadows(const mjvScene& scene) {
  return std::any_of(scene.lights, scene.lights + scene.nlight,
                     [](const mjvLight& light) { return light.castshadow; });
}

PixelRect MirrorRect(const mjvScene& scene, int height, int width) {
  const PixelRect all = {0, 0, static_cast<float>(width), static_cast<float>(height)};
  const mjvGeom* end = scene.geoms + scene.ngeom;
  // only the first mirrors, and of a box the upper side
  const mjvGeom* mirror = std::find_if<const mjvGeom*>(scene.geoms, end, Mirrors);
  if (mirror == end) return {0, 0, -1, -1};
  if (mirror->type != mjGEOM_BOX) return all;
  const mjvGLCamera camera = mjv_averageCamera(scene.camera, scene.camera + 1);
  const Vector forward(camera.forward), up(camera.up), right = forward.cross(up);
  const float rise = camera.frustum_top - camera.frustum_bottom;
  const float half = camera.frustum_width > 0 ? camera.frustum_width : 0.5F * rise * width / height;
  PixelRect rect = {all.right, all.top, 0, 0};
  for (int corner = 0; corner < 4; ++corner) {
    const float local[] = {corner & 1 ? mirror->size[0] : -mirror->size[0],
                           corner & 2 ? mirror->size[1] : -mirror->size[1], mirror->size[2]};
    Vector from_eye = Vector(mirror->pos) - Vector(camera.pos);
    for (int axis = 0; axis < 3; ++axis) {
      for (int k = 0; k < 3; ++k) from_eye[axis] += mirror->mat[3 * axis + k] * local[k];
    }
    const float depth = forward.dot(from_eye);
    if (depth <= camera.frustum_near) return all;
    const float scale = camera.frustum_near / depth;
    const float x =
        (right.dot(from_eye) * scale - camera.frustum_center + half) / (2 * half) * width;
    const float y = (up.dot(from_eye) * scale - camera.frustum_bottom) / rise * height;
    rect = {std::min(rect.left, x - 1), std::min(rect.bottom, y - 1), std::max(rect.right, x + 1),
            std::max(rect.top, y + 1)};
  }
  return {std::max(rect.left, all.left), std::max(rect.bottom, all.bottom),
          std::min(rect.right, all.right), std::min(rect.top, all.top)};
}

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
