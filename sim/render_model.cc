// Leaving out what is never seen, adding what is seen from afar.

#include "sim/render_model.h"

#include <algorithm>

#include "sim/mesh_levels.h"
#include "sim/visible_geoms.h"

namespace vega {
namespace {

// meshes that a geom of a drawn group uses
std::vector<bool> DrawnMeshes(const mjModel& m) {
  const mjvOption option = VisualOptions();
  std::vector<bool> drawn(m.nmesh);
  for (int i = 0; i < m.ngeom; ++i) {
    const bool mesh = m.geom_type[i] == mjGEOM_MESH || m.geom_type[i] == mjGEOM_SDF;
    const int group = std::clamp(m.geom_group[i], 0, mjNGROUP - 1);
    if (mesh && option.geomgroup[group]) drawn[m.geom_dataid[i]] = true;
  }
  return drawn;
}

void Append(std::vector<int>& to, const std::vector<int>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

mjvOption VisualOptions() {
  mjvOption option;
  mjv_defaultOption(&option);
  option.geomgroup[0] = 0;  // collision geoms
  option.geomgroup[1] = 1;  // visual geoms
  return option;
}

RenderModel::RenderModel(const mjModel& base, RenderQuality quality, int height, int width)
    : view_(base), levels_(base.nmesh) {
  view_.vis.global.offheight = height;
  view_.vis.global.offwidth = width;
  const bool shadows = std::any_of(base.light_castshadow, base.light_castshadow + base.nlight,
                                   [](mjtByte casts) { return casts; });
  if (!shadows) view_.vis.quality.shadowsize = 0;

  const std::vector<bool> drawn = DrawnMeshes(base);
  facenum_.assign(base.mesh_facenum, base.mesh_facenum + base.nmesh);
  graphadr_.assign(base.nmesh, -1);
  for (int i = 0; i < base.nmesh; ++i) {
    if (!drawn[i]) facenum_[i] = 0;
  }
  if (quality == RenderQuality::kFast) AddLevels(base, drawn);
  view_.mesh_facenum = facenum_.data();
  view_.mesh_graphadr = graphadr_.data();
}

void RenderModel::AddLevels(const mjModel& base, const std::vector<bool>& drawn) {
  const int n = base.nmesh;
  vertadr_.assign(base.mesh_vertadr, base.mesh_vertadr + n);
  vertnum_.assign(base.mesh_vertnum, base.mesh_vertnum + n);
  normaladr_.assign(base.mesh_normaladr, base.mesh_normaladr + n);
  normalnum_.assign(base.mesh_normalnum, base.mesh_normalnum + n);
  texcoordadr_.assign(base.mesh_texcoordadr, base.mesh_texcoordadr + n);
  texcoordnum_.assign(base.mesh_texcoordnum, base.mesh_texcoordnum + n);
  faceadr_.assign(base.mesh_faceadr, base.mesh_faceadr + n);
  normal_.assign(base.mesh_normal, base.mesh_normal + 3 * size_t(base.nmeshnormal));
  const size_t corners = 3 * size_t(base.nmeshface);
  face_.assign(base.mesh_face, base.mesh_face + corners);
  facenormal_.assign(base.mesh_facenormal, base.mesh_facenormal + corners);
  facetexcoord_.assign(base.mesh_facetexcoord, base.mesh_facetexcoord + corners);
  for (int mesh = 0; mesh < n; ++mesh) {
    if (!drawn[mesh]) continue;
    const SimplifiedMesh simple = SimplifyMesh(base, mesh);
    const auto normals = static_cast<int>(normal_.size() / 3);
    normal_.insert(normal_.end(), simple.normal.begin(), simple.normal.end());
    for (const MeshLevel& level : simple.levels) {
      levels_[mesh].push_back({level.error, static_cast<int>(faceadr_.size())});
      for (auto* array : {&vertadr_, &vertnum_, &texcoordadr_, &texcoordnum_, &graphadr_}) {
        array->push_back((*array)[mesh]);
      }
      normaladr_.push_back(normals);
      normalnum_.push_back(static_cast<int>(simple.normal.size() / 3));
      faceadr_.push_back(static_cast<int>(face_.size() / 3));
      facenum_.push_back(static_cast<int>(level.faces()));
      Append(face_, level.face), Append(facenormal_, level.facenormal);
      Append(facetexcoord_, level.facetexcoord);
    }
  }
  view_.nmesh = static_cast<int>(faceadr_.size());
  view_.nmeshnormal = static_cast<int>(normal_.size() / 3);
  view_.mesh_normal = normal_.data();
  view_.nmeshface = static_cast<int>(face_.size() / 3);
  view_.mesh_vertadr = vertadr_.data();
  view_.mesh_vertnum = vertnum_.data();
  view_.mesh_normaladr = normaladr_.data();
  view_.mesh_normalnum = normalnum_.data();
  view_.mesh_texcoordadr = texcoordadr_.data();
  view_.mesh_texcoordnum = texcoordnum_.data();
  view_.mesh_faceadr = faceadr_.data();
  view_.mesh_face = face_.data();
  view_.mesh_facenormal = facenormal_.data();
  view_.mesh_facetexcoord = facetexcoord_.data();
}

std::vector<bool> RenderModel::UsedTextures() const {
  const mjModel& m = view_;
  std::vector<bool> used(m.ntex);
  const auto mark = [&](int material) {
    if (material < 0) return;
    const int texture = m.mat_texid[material * mjNTEXROLE + mjTEXROLE_RGB];
    if (texture >= 0) used[texture] = true;
  };
  const mjvOption option = VisualOptions();
  for (int i = 0; i < m.ngeom; ++i) {
    if (option.geomgroup[std::clamp(m.geom_group[i], 0, mjNGROUP - 1)]) mark(m.geom_matid[i]);
  }
  std::for_each(m.site_matid, m.site_matid + m.nsite, mark);
  std::for_each(m.tendon_matid, m.tendon_matid + m.ntendon, mark);
  std::for_each(m.skin_matid, m.skin_matid + m.nskin, mark);
  std::for_each(m.flex_matid, m.flex_matid + m.nflex, mark);
  for (int i = 0; i < m.ntex; ++i) {
    if (m.tex_type[i] == mjTEXTURE_SKYBOX) used[i] = true;
  }
  return used;
}

int RenderModel::MeshWithin(int mesh, double allowed) const {
  int chosen = mesh;
  for (const Level& level : levels_[mesh]) {
    if (level.error > allowed) break;
    chosen = level.mesh;
  }
  return chosen;
}

void RenderModel::ChooseLevels(double pixels, int height, mjvScene& scene) const {
  const mjvGLCamera camera = mjv_averageCamera(scene.camera, scene.camera + 1);
  for (int i = 0; i < scene.ngeom; ++i) {
    mjvGeom& geom = scene.geoms[i];
    // a mesh's list has an even number, its hull's the next
    if (geom.type != mjGEOM_MESH || geom.dataid < 0 || geom.dataid % 2 != 0) continue;
    geom.dataid = 2 * MeshWithin(geom.dataid / 2, MetresOf(pixels, geom, camera, height));
  }
}

}  // namespace vega
