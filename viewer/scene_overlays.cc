// Regions and paths as extra geoms.

#include "viewer/scene_overlays.h"

#include <algorithm>
#include <array>

namespace vega {
namespace {

constexpr double kMetrePerAction = 0.05;
constexpr double kPathRadius = 0.003;  // m
constexpr double kBallRadius = 0.007;  // m

using Colour = std::array<float, 4>;

mjvGeom* NewGeom(mjvScene& scene) {
  if (scene.ngeom >= scene.maxgeom) return nullptr;
  mjvGeom* geom = scene.geoms + scene.ngeom++;
  return geom;
}

void AddShape(mjvScene& scene, mjtGeom type, const mjtNum size[3], const mjtNum pos[3],
              const mjtNum mat[9], const Colour& colour) {
  if (mjvGeom* geom = NewGeom(scene)) {
    mjv_initGeom(geom, type, size, pos, mat, colour.data());
    geom->category = mjCAT_DECOR;
  }
}

}  // namespace

void AddGoalRegions(const Snapshot& snapshot, const mjData& data, mjvScene& scene) {
  for (const GoalTerm& term : snapshot.goal) {
    if (!term.region) continue;
    const GoalRegion& region = *term.region;
    const Colour colour =
        term.value ? Colour{0.3f, 0.9f, 0.4f, 0.35f} : Colour{1, 0.8f, 0.2f, 0.3f};
    if (region.site >= 0) {
      const mjtNum size[3] = {region.half_size[0], region.half_size[1],
                              std::max(region.half_size[2], 0.001)};
      AddShape(scene, mjGEOM_BOX, size, data.site_xpos + 3 * region.site,
               data.site_xmat + 9 * region.site, colour);
    } else {
      const mjtNum size[3] = {region.half_size[0], region.half_size[0], 0.002};
      AddShape(scene, mjGEOM_CYLINDER, size, data.xpos + 3 * region.body, nullptr, colour);
    }
  }
}

void AddActionChunk(const Snapshot& snapshot, mjvScene& scene) {
  if (snapshot.call == nullptr) return;
  const PolicyCall& call = *snapshot.call;
  std::array<mjtNum, 3> at = {call.input.proprio.eef_pos[0], call.input.proprio.eef_pos[1],
                              call.input.proprio.eef_pos[2]};
  for (size_t k = 0; k < call.chunk.size(); ++k) {
    const Action& action = call.chunk[k];
    std::array<mjtNum, 3> next = at;
    for (int i = 0; i < 3; ++i) next[i] += kMetrePerAction * action[i];
    const float alpha = k < snapshot.rollout.played ? 0.35f : 1.0f;
    if (mjvGeom* geom = NewGeom(scene)) {
      const Colour line = {1, 0.75f, 0.1f, alpha};
      mjv_initGeom(geom, mjGEOM_CAPSULE, nullptr, nullptr, nullptr, line.data());
      mjv_connector(geom, mjGEOM_CAPSULE, kPathRadius, at.data(), next.data());
      geom->category = mjCAT_DECOR;
    }
    const mjtNum size[3] = {kBallRadius, kBallRadius, kBallRadius};
    const Colour ball =
        action[6] > 0 ? Colour{0.95f, 0.25f, 0.2f, alpha} : Colour{0.25f, 0.5f, 0.95f, alpha};
    AddShape(scene, mjGEOM_SPHERE, size, next.data(), nullptr, ball);
    at = next;
  }
}

}  // namespace vega
