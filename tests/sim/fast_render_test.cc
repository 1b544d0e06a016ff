// What may be left out of a picture, and what fast pictures may change. Cases that draw are skipped
// aloud without an OpenGL driver.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "sim/egl_renderer.h"
#include "sim/mesh_levels.h"
#include "sim/render_model.h"
#include "sim/visible_geoms.h"
#include "tests/sim/ball_mesh.h"
#include "tests/sim/opengl.h"
#include "tests/sim/panda_scene.h"

namespace vega {
namespace {

// a ball one metre across and what stands around it
ModelPtr BallModel() {
  return CompileMjcf("<mujoco><asset>" + BallMesh() +
                         "</asset><worldbody><geom group='1' type='mesh' mesh='ball'/>"
                         "<geom name='hidden' group='0' type='mesh' mesh='ball' pos='3 0 0'/>"
                         "<geom name='side' group='1' type='box' size='.1 .1 .1' pos='0 9 0'/>"
                         "<geom name='back' group='1' type='box' size='.1 .1 .1' pos='9 0 0'/>"
                         "<camera name='eye' pos='4 0 0' xyaxes='0 1 0 0 0 1'/>"
                         "</worldbody></mujoco>",
                     "ball");
}

class Data {
 public:
  explicit Data(const mjModel& model) : data_(mj_makeData(&model)) { mj_forward(&model, data_); }
  ~Data() { mj_deleteData(data_); }
  mjData* get() { return data_; }

 private:
  mjData* data_;
};

struct View {
  View(const mjModel& model, mjData* data) {
    mjv_defaultScene(&scene);
    mjv_makeScene(&model, &scene, 100);
    mjvCamera camera;
    mjv_defaultCamera(&camera);
    camera.type = mjCAMERA_FIXED;
    camera.fixedcamid = 0;
    const mjvOption option = VisualOptions();
    mjv_updateScene(&model, data, &option, nullptr, &camera, mjCAT_ALL, &scene);
  }
  ~View() { mjv_freeScene(&scene); }
  mjvScene scene;
};

double Psnr(const Image& a, const Image& b) {
  double error = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    error += std::pow(double(a.pixels[i]) - b.pixels[i], 2);
  }
  return 10 * std::log10(255.0 * 255 * a.pixels.size() / error);
}

TEST_CASE("Geoms beside and behind the camera are dropped, unless shadow or mirror shows them",
          "[sim][render]") {
  const ModelPtr model = BallModel();
  Data data(*model);
  const auto left = [&](auto change) {
    View view(*model, data.get());
    REQUIRE(view.scene.ngeom == 3);
    change(view.scene);
    DropInvisible(view.scene, 64, 64);
    return view.scene.ngeom;
  };
  CHECK(left([](mjvScene&) {}) == 1);
  CHECK(left([](mjvScene& scene) { scene.lights[0].castshadow = 1; }) == 3);
  const auto mirror = [](mjvGeom& geom) {
    geom.type = mjGEOM_BOX;
    geom.reflectance = 0.5;
  };
  CHECK(left([&](mjvScene& scene) { mirror(scene.geoms[0]); }) == 3);
  // a mirror out of view shows none of them; the first of two may stand before one that would
  CHECK(left([&](mjvScene& scene) { mirror(scene.geoms[1]); }) == 1);
  CHECK(left([&](mjvScene& scene) { mirror(scene.geoms[1]), mirror(scene.geoms[2]); }) == 3);
  CHECK(left([](mjvScene& scene) { scene.geoms[1].modelrbound = 0; }) == 2);
  // a ball that reaches into the view with its edge stays
  CHECK(left([](mjvScene& scene) { scene.geoms[2].modelrbound = 6; }) == 2);
}

TEST_CASE("Levels get coarser, stay within their error, and are chosen by it", "[sim][render]") {
  const ModelPtr model = BallModel();
  const SimplifiedMesh simple = SimplifyMesh(*model, 0);
  REQUIRE(simple.levels.size() >= 4);
  int faces = model->mesh_facenum[0];
  float error = 0;
  for (const MeshLevel& level : simple.levels) {
    CHECK(static_cast<int>(level.faces()) < faces);
    CHECK(level.error >= error);
    faces = static_cast<int>(level.faces());
    error = level.error;
    for (size_t c = 0; c < level.face.size(); ++c) {
      const float* v = model->mesh_vert + 3 * (model->mesh_vertadr[0] + level.face[c]);
      const float* n = simple.normal.data() + 3 * level.facenormal[c];
      // on a ball about the origin the normal is the direction
      const double length = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
      REQUIRE((v[0] * n[0] + v[1] * n[1] + v[2] * n[2]) / length > 0.9);
    }
  }
  const RenderModel drawn(*model, RenderQuality::kFast, 64, 64);
  CHECK(drawn.MeshWithin(0, 0) == 0);
  const int coarsest = drawn.MeshWithin(0, 1);
  CHECK(drawn.model().mesh_facenum[coarsest] == static_cast<int>(simple.levels.back().faces()));
  CHECK(RenderModel(*model, RenderQuality::kExact, 64, 64).MeshWithin(0, 1) == 0);
}

TEST_CASE("Fast pictures look like exact ones and leave the physics alone", "[sim][render]") {
  const auto exact = OpenOrSkip<EglRenderer>();
  const auto fast = OpenOrSkip<EglRenderer>(EglRendererOptions{.quality = RenderQuality::kFast});
  if (!exact || !fast) return;
  CHECK(fast->quality() == RenderQuality::kFast);
  Scene drawn_exact(PandaModel()), drawn_fast(PandaModel());
  for (int i = 0; i < 3; ++i) {
    const Action action = {0.5, 0, -0.2, 0.1, 0, 0, 1};
    Image a, b;
    drawn_exact.Step(action, [&] { a = exact->Render(drawn_exact, "front", 64, 64); });
    drawn_fast.Step(action, [&] { b = fast->Render(drawn_fast, "front", 64, 64); });
    CHECK(Psnr(a, b) > 30);
  }
  CHECK(drawn_exact.StateHash() == drawn_fast.StateHash());
}

// hidden: minutes. A shorter run under ASAN shows leaks by themselves
TEST_CASE("Renderers opened and closed a thousand times leave no memory behind", "[.leak]") {
  const char* asked = std::getenv("VEGA_LEAK_ROUNDS");
  const int rounds = asked ? std::atoi(asked) : 1000;
  Scene scene(PandaModel());
  const auto resident = [] {
    std::ifstream file("/proc/self/statm");
    double total = 0, pages = 0;
    file >> total >> pages;
    return pages;
  };
  double settled = 0;
  for (int i = 0; i < rounds; ++i) {
    EglRenderer renderer({.quality = i % 2 ? RenderQuality::kFast : RenderQuality::kExact});
    renderer.Render(scene, "front", 64, 64);
    if (i == rounds / 20) settled = resident();
  }
  const double growth = 100 * (resident() / settled - 1);
  WARN("memory grew by " << growth << " % over " << rounds << " renderers");
  CHECK(growth < 3);
}

}  // namespace
}  // namespace vega
