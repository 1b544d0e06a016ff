// Bounding spheres against the view's pyramid.

#include "sim/visible_geoms.h"

#include <Eigen/Core>
#include <Eigen/Geometry>
#include <algorithm>
#include <array>

namespace vega {
namespace {

using Vector = Eigen::Vector3f;

// the geom that mirrors, only the first does; null: none
const mjvGeom* FindMirror(const mjvScene& scene) {
  const mjvGeom* end = scene.geoms + scene.ngeom;
  const mjvGeom* mirror = std::find_if<const mjvGeom*>(scene.geoms, end, Mirrors);
  return mirror == end ? nullptr : mirror;
}

// a point of a geom's frame in the world
Vector Place(const mjvGeom& geom, const Vector& local) {
  const float* m = geom.mat;
  return Vector(geom.pos) + Vector(m[0] * local[0] + m[1] * local[1] + m[2] * local[2],
                                   m[3] * local[0] + m[4] * local[1] + m[5] * local[2],
                                   m[6] * local[0] + m[7] * local[1] + m[8] * local[2]);
}

// Pixels of points.
class Eye {
 public:
  Eye(const mjvScene& scene, int height, int width)
      : camera_(mjv_averageCamera(scene.camera, scene.camera + 1)), height_(height), width_(width) {
    const float rise = camera_.frustum_top - camera_.frustum_bottom;
    half_ = camera_.frustum_width > 0 ? camera_.frustum_width : 0.5F * rise * width / height;
  }

  float near() const { return camera_.frustum_near; }
  // x and y in pixels, times the depth; the depth, m
  Vector See(const Vector& point) const {
    const Vector forward(camera_.forward), up(camera_.up), from_eye = point - Vector(camera_.pos);
    const float depth = forward.dot(from_eye);
    const float x =
        forward.cross(up).dot(from_eye) * near() - (camera_.frustum_center - half_) * depth;
    const float y = up.dot(from_eye) * near() - camera_.frustum_bottom * depth;
    return {x * width_ / (2 * half_), y * height_ / (camera_.frustum_top - camera_.frustum_bottom),
            depth};
  }

 private:
  mjvGLCamera camera_;
  int height_, width_;
  float half_;
};

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

bool Mirrors(const mjvGeom& geom) {
  return geom.reflectance > 0 && (geom.type == mjGEOM_PLANE || geom.type == mjGEOM_BOX) &&
         geom.rgba[3] >= 0.995F;
}

bool CastsShadows(const mjvScene& scene) {
  return std::any_of(scene.lights, scene.lights + scene.nlight,
                     [](const mjvLight& light) { return light.castshadow; });
}

PixelRect MirrorRect(const mjvScene& scene, int height, int width) {
  const PixelRect all = {0, 0, static_cast<float>(width), static_cast<float>(height)};
  const mjvGeom* mirror = FindMirror(scene);
  if (!mirror) return {0, 0, -1, -1};
  if (mirror->type != mjGEOM_BOX) return all;
  const Eye eye(scene, height, width);
  PixelRect rect = {all.right, all.top, 0, 0};
  for (int corner = 0; corner < 4; ++corner) {
    const Vector at =
        Place(*mirror, {corner & 1 ? mirror->size[0] : -mirror->size[0],
                        corner & 2 ? mirror->size[1] : -mirror->size[1], mirror->size[2]});
    const Vector seen = eye.See(at);
    if (seen[2] <= eye.near()) return all;
    const float x = seen[0] / seen[2], y = seen[1] / seen[2];
    rect = {std::min(rect.left, x - 1), std::min(rect.bottom, y - 1), std::max(rect.right, x + 1),
            std::max(rect.top, y + 1)};
  }
  return {std::max(rect.left, all.left), std::max(rect.bottom, all.bottom),
          std::min(rect.right, all.right), std::min(rect.top, all.top)};
}

bool ShowsInMirror(const mjModel& model, const mjvScene& scene, const mjvGeom& geom, int height,
                   int width) {
  const mjvGeom* mirror = FindMirror(scene);
  if (!mirror) return false;
  if (geom.objtype != mjOBJ_GEOM || geom.objid < 0 || geom.objid >= model.ngeom) return true;
  const PixelRect rect = MirrorRect(scene, height, width);
  const Vector normal(mirror->mat[2], mirror->mat[5], mirror->mat[8]);
  const Vector on = Place(*mirror, {0, 0, mirror->type == mjGEOM_BOX ? mirror->size[2] : 0});
  const Eye eye(scene, height, width);
  const mjtNum* box = model.geom_aabb + 6 * geom.objid;  // centre and half sizes
  constexpr float kGrown = 1.01F, kSlack = 1e-3F;
  int beyond = 31;  // a bit for each plane that all corners so far lie beyond
  for (int corner = 0; corner < 8; ++corner) {
    Vector local;
    for (int k = 0; k < 3; ++k) {
      const float half = kGrown * static_cast<float>(box[3 + k]) + kSlack;
      local[k] = static_cast<float>(box[k]) + (corner >> k & 1 ? half : -half);
    }
    const Vector at = Place(geom, local);
    const float above = normal.dot(at - on);
    const Vector seen = eye.See(at - 2 * above * normal);
    beyond &= (seen[0] < rect.left * seen[2]) | (seen[1] < rect.bottom * seen[2]) << 1 |
              (seen[0] > rect.right * seen[2]) << 2 | (seen[1] > rect.top * seen[2]) << 3 |
              (above < 0) << 4;
  }
  return beyond == 0 && rect.left < rect.right && rect.bottom < rect.top;
}

void DropInvisible(mjvScene& scene, int height, int width) {
  const View view(mjv_averageCamera(scene.camera, scene.camera + 1), height, width);
  const auto drop = [&](const auto& invisible) {
    mjvGeom* const end = std::remove_if(scene.geoms, scene.geoms + scene.ngeom, invisible);
    scene.ngeom = static_cast<int>(end - scene.geoms);
  };
  const auto out_of_view = [&](const mjvGeom& geom) { return !view.Shows(geom); };
  // a mirror out of view shows nothing, but keeps a second one from mirroring
  const auto mirrors = std::count_if(scene.geoms, scene.geoms + scene.ngeom, Mirrors);
  if (mirrors == 1 && !CastsShadows(scene)) {
    drop([&](const mjvGeom& geom) { return Mirrors(geom) && out_of_view(geom); });
  }
  if (!ShowsOutside(scene)) drop(out_of_view);
}

double MetresOf(double pixels, const mjvGeom& geom, const mjvGLCamera& camera, int height) {
  const float centre = (Vector(geom.pos) - Vector(camera.pos)).norm();
  const float nearest = std::max(centre - geom.modelrbound, camera.frustum_near);
  const float rise = camera.frustum_top - camera.frustum_bottom;
  return pixels * nearest * rise / (camera.frustum_near * height);
}

}  // namespace vega
