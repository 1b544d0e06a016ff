#include "tasks/recolour.h"

#include <algorithm>
#include <array>

#include "sim/robot.h"

namespace vega {
namespace {

constexpr double kTinted = 0.5;        // share of things that keep their texture
constexpr double kDarkest = 0.05;      // of a channel of a colour
constexpr double kDarkestTint = 0.35;  // of a channel that multiplies a texture

// What a thing is painted with.
struct Paint {
  bool tint = false;
  std::array<float, 3> colour{};
};

Paint DrawPaint(RandomStream& random) {
  Paint paint{.tint = random.Uniform() < kTinted};
  const double darkest = paint.tint ? kDarkestTint : kDarkest;
  for (float& channel : paint.colour) channel = static_cast<float>(random.Uniform(darkest, 1));
  return paint;
}

// What MuJoCo draws a geom with (engine_vis_visualize.c, setMaterial): its own colour, or where
// that is the default its material's.
std::array<float, 4> ColourOf(const mjModel& model, int geom) {
  constexpr std::array<float, 4> kDefault = {0.5F, 0.5F, 0.5F, 1};
  std::array<float, 4> colour{};
  std::copy_n(model.geom_rgba + 4 * geom, 4, colour.begin());
  const int material = model.geom_matid[geom];
  if (material >= 0 && colour == kDefault) {
    std::copy_n(model.mat_rgba + 4 * material, 4, colour.begin());
  }
  return colour;
}

void PaintGeom(mjModel& model, int geom, const Paint& paint) {
  std::array<float, 4> colour = ColourOf(model, geom);
  for (int i = 0; i < 3; ++i) colour[i] = paint.colour[i] * (paint.tint ? colour[i] : 1);
  if (!paint.tint) model.geom_matid[geom] = -1;
  std::copy(colour.begin(), colour.end(), model.geom_rgba + 4 * geom);
}

}  // namespace

void Recolour(mjModel& model, double share, RandomStream& random) {
  const int robot = model.body_rootid[PandaIndices::Find(model).hand_body];
  const auto next = [&](const auto& paint) {
    const double chance = random.Uniform();
    const Paint drawn = DrawPaint(random);
    if (chance < share) paint(drawn);
  };
  for (int root = 1; root < model.nbody; ++root) {
    if (model.body_parentid[root] != 0 || root == robot) continue;
    next([&](const Paint& paint) {
      for (int geom = 0; geom < model.ngeom; ++geom) {
        if (model.body_rootid[model.geom_bodyid[geom]] == root) PaintGeom(model, geom, paint);
      }
    });
  }
  for (int geom = 0; geom < model.ngeom; ++geom) {
    if (model.geom_bodyid[geom] != 0) continue;
    next([&](const Paint& paint) { PaintGeom(model, geom, paint); });
  }
}

}  // namespace vega
