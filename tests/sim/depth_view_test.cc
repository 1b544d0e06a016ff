// Depth pictures against MuJoCo's ray caster. Needs EGL; skipped aloud without.

#include "sim/depth_view.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <memory>

#include "sim/egl_renderer.h"
#include "tests/sim/opengl.h"
#include "tests/sim/panda_scene.h"

namespace vega {
namespace {

TEST_CASE("A pixel's depth and camera give the point its ray hits", "[sim][render]") {
  const auto renderer = OpenOrSkip<EglRenderer>();
  if (!renderer) return;
  Scene scene(PandaModel());
  ResetPanda(scene);
  const mjtByte drawn[mjNGROUP] = {0, 1, 1, 0, 0, 0};
  for (const double azimuth : {160.0, 215.0}) {
    const DepthView view =
        renderer->RenderDepth(scene, OrbitCamera({0, 0, 0.6}, 1.4, azimuth, -35), 96, 128);
    CHECK(view.camera.focal == Approx(48 / std::tan(22.5 * 3.14159265358979 / 180)));
    int hit = 0, close = 0, same = 0;
    for (int row = 1; row < 96; row += 5) {
      for (int column = 1; column < 128; column += 5) {
        const auto a = view.camera.Unproject(row, column, 0);
        const auto b = view.camera.Unproject(row, column, 1);
        const mjtNum direction[] = {b[0] - a[0], b[1] - a[1], b[2] - a[2]};
        int geom = -1;
        const double depth =
            mj_ray(&scene.model(), &scene.data(), a.data(), direction, drawn, 1, -1, &geom);
        const float seen = view.depth[size_t{128} * row + column];
        const int drawn_geom = view.geoms[size_t{128} * row + column];
        if (depth < 0) {
          CHECK(drawn_geom == -1);
          CHECK(seen == 0);
          continue;
        }
        ++hit;
        close += std::abs(seen - depth) < 1e-3;
        same += drawn_geom == geom;
      }
    }
    INFO(close << " of " << hit);
    CHECK(hit > 200);
    // the rest lies on silhouettes, where a sample of the pixel may miss what its middle hits
    CHECK(close > 0.95 * hit);
    CHECK(same > 0.95 * hit);
  }
  // the picture is the one Render draws
  mjvCamera fixed;
  mjv_defaultCamera(&fixed);
  fixed.type = mjCAMERA_FIXED;
  fixed.fixedcamid = mj_name2id(&scene.model(), mjOBJ_CAMERA, "front");
  CHECK(renderer->RenderDepth(scene, fixed, 40, 60).image.pixels ==
        renderer->Render(scene, "front", 40, 60).pixels);
}

}  // namespace
}  // namespace vega
