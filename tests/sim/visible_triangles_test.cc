// Which triangles are left out, and that no pixel misses them. Cases that draw are skipped aloud
// without an OpenGL driver.
#include "sim/gl/visible_triangles.h"

#include <catch2/catch.hpp>
#include <memory>
#include <random>

#include "sim/egl_renderer.h"
#include "sim/gl/gl_hooks.h"
#include "sim/visible_geoms.h"
#include "tests/sim/ball_mesh.h"
#include "tests/sim/opengl.h"
#include "tests/sim/panda_scene.h"

namespace vega {
namespace {

constexpr SamplePoint kCentre[] = {{0.5, 0.5}};

// A picture of 10 x 10 pixels in which x and y are pixels and w is 1 - z.
TriangleView PixelView() {
  return {.clip = {0.2, 0, 0, 0, 0, 0.2, 0, 0, 0, 0, 0, -1, -1, -1, 0, 1},
          .width = 10,
          .height = 10,
          .shown = {0, 0, 10, 10},
          .samples = kCentre};
}

// triangles of nine numbers each
TriangleMesh Triangles(const std::vector<std::array<float, 9>>& corners) {
  TriangleMesh mesh;
  for (const auto& c : corners) {
    for (int k = 0; k < 9; k += 3) {
      mesh.position.push_back(static_cast<uint32_t>(mesh.x.size()));
      mesh.vertex.push_back(100 + mesh.position.back());
      mesh.x.push_back(c[k]), mesh.y.push_back(c[k + 1]), mesh.z.push_back(c[k + 2]);
    }
  }
  mesh.low = {-1000, -1000, -1000};
  mesh.high = {1000, 1000, 1000};
  return mesh;
}

// numbers of the triangles that stay
std::vector<uint32_t> Stay(const std::vector<std::array<float, 9>>& corners,
                           const TriangleView& view) {
  TriangleFilter filter;
  std::vector<uint32_t> numbers;
  const auto vertices = filter.Select(Triangles(corners), view);
  REQUIRE(vertices.size() % 3 == 0);
  for (size_t i = 0; i < vertices.size(); i += 3) {
    CHECK(vertices[i + 1] == vertices[i] + 1);
    numbers.push_back((vertices[i] - 100) / 3);
  }
  return numbers;
}

using Numbers = std::vector<uint32_t>;

// The Panda's scene with balls in it: one small, one around the camera's feet.
ModelPtr SceneWithBalls(const std::string& more) {
  std::stringstream file;
  file << std::ifstream(VEGA_FIXTURES "/sim/panda_scene.xml").rdbuf();
  std::string text = file.str();
  const std::string geoms =
      "<geom group='1' type='mesh' mesh='ball' pos='0 0.2 1.2' rgba='.9 .5 .1 1'/>"
      "<geom group='1' type='mesh' mesh='small' pos='0.1 -0.2 1.3' rgba='.1 .5 .9 1'/>"
      "<geom group='1' type='mesh' mesh='small' pos='0.2 -0.1 1.1' rgba='.1 .9 .1 .4'/>";
  const size_t end = text.rfind("</worldbody>");
  REQUIRE(end != std::string::npos);
  text.insert(end, geoms + more);
  std::string small = BallMesh();
  small.replace(small.find("'ball'"), 6, "'small' scale='.1 .1 .1'");
  text.insert(text.rfind("</mujoco>"), "<asset>" + BallMesh() + small + "</asset>");
  return CompileMjcf(text, "balls");
}

TEST_CASE("Triangles that look away, lie outside or between samples are left out",
          "[sim][render]") {
  const std::vector<std::array<float, 9>> triangles = {
      {1, 1, 0, 4, 1, 0, 1, 4, 0},                    // looks here
      {1, 1, 0, 1, 4, 0, 4, 1, 0},                    // looks away
      {12, 1, 0, 15, 1, 0, 12, 4, 0},                 // right of the picture
      {-9, 1, 0, 15, 1, 0, -9, 4, 0},                 // larger than it
      {2.7, 2.7, 0, 3.3, 2.7, 0, 2.7, 3.3, 0},        // between four centres
      {2.4, 2.4, 0, 2.6, 2.4, 0, 2.4, 2.6, 0},        // about a centre
      {1.6, 2.7, 0, 8.4, 2.75, 0, 1.6, 2.8, 0},       // long, between two rows of centres
      {2.505, 2.505, 0, 2.9, 2.505, 0, 2.5, 2.9, 0},  // so close to a centre that rounding decides
      {1, 1, 0, 4, 1, 0, 1, 4, 2},                    // reaches behind the eye
      {3.3, 3.3, 0, 3.3, 3.3, 0, 3.3, 3.3, 0},        // nothing, where no centre is
  };
  const TriangleView view = PixelView();
  CHECK(Stay(triangles, view) == Numbers{0, 3, 5, 7, 8});

  TriangleView other = view;
  other.mirrored = true;
  CHECK(Stay({triangles[0], triangles[1]}, other) == Numbers{1});
  other = view;
  other.one_sided = false;
  CHECK(Stay({triangles[0], triangles[1]}, other) == Numbers{0, 1});
  other = view;
  other.samples = {};
  CHECK(Stay({triangles[4], triangles[6]}, other) == Numbers{0, 1});
  other = view;
  other.shown = {6, 6, 9, 9};
  CHECK(Stay({triangles[0], triangles[3]}, other).empty());
  other.shown = {0, 0, -1, -1};
  CHECK(Stay(triangles, other).empty());
  other = view;
  other.beyond = {1, 0, 0, -5};  // nothing shows left of 5
  CHECK(Stay({triangles[0], triangles[3]}, other) == Numbers{1});
  constexpr SamplePoint kFive[] = {{.1, .1}, {.9, .1}, {.1, .9}, {.5, .5}, {.75, .75}};
  other = view;
  other.samples = kFive;
  CHECK(Stay({triangles[4], triangles[9]}, other) == Numbers{0});
}

TEST_CASE("Of triangles drawn at random none that covers a sample is left out", "[sim][render]") {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> place(-2, 12), size(-0.8F, 0.8F);
  std::vector<std::array<float, 9>> triangles;
  Numbers covering;
  for (uint32_t n = 0; n < 20000; ++n) {
    const float x = place(random), y = place(random);
    const std::array<float, 9> t = {
        x, y, 0, x + size(random), y + size(random), 0, x + size(random), y + size(random), 0};
    bool covers = false;
    const auto side = [&](int i, int j, float px, float py) {
      return (t[j] - t[i]) * (py - t[i + 1]) - (px - t[i]) * (t[j + 1] - t[i + 1]) >= 0;
    };
    for (int row = 0; row < 10; ++row) {
      for (int column = 0; column < 10; ++column) {
        const float px = column + 0.5F, py = row + 0.5F;
        covers |= side(0, 3, px, py) && side(3, 6, px, py) && side(6, 0, px, py);
      }
    }
    if (covers) covering.push_back(n);
    triangles.push_back(t);
  }
  const Numbers stay = Stay(triangles, PixelView());
  CHECK(std::ranges::includes(stay, covering));
  CHECK(covering.size() > 200);
  CHECK(stay.size() < triangles.size() / 2);
}

TEST_CASE("Leaving triangles out changes no pixel, in mirrors and under shadows neither",
          "[sim][render]") {
  CHECK(GlCallsPassHere());  // else nothing is left out
  const std::string mirror =
      "<geom group='1' type='box' size='.3 .3 .01' pos='.2 0 1' material='mirror'/>";
  const std::string shadow = "<light pos='0 0 3' dir='0 0 -1' castshadow='true'/>";
  const std::string behind =
      "<geom group='1' type='box' size='.3 .3 .01' pos='9 9 9' material='mirror'/>";
  for (const std::string& more :
       {std::string(), mirror, shadow, mirror + shadow, behind, behind + mirror}) {
    const auto exact = OpenOrSkip<EglRenderer>();
    const auto plain = OpenOrSkip<EglRenderer>(EglRendererOptions{.plain = true});
    if (!exact) return;
    std::string text = more;
    if (more.find("mirror") != std::string::npos) {
      text += "</worldbody><asset><material name='mirror' reflectance='.5'/></asset><worldbody>";
    }
    Scene scene(SceneWithBalls(text));
    for (const char* camera : {"front", "hand"}) {
      for (const int size : {48, 200}) {
        CAPTURE(more, camera, size);
        const Image a = exact->Render(scene, camera, size, size + 16);
        CHECK(a.pixels == plain->Render(scene, camera, size, size + 16).pixels);
      }
    }
    mjvCamera free;
    mjv_defaultFreeCamera(&scene.model(), &free);
    const DepthView a = exact->RenderDepth(scene, free, 64, 64);
    const DepthView b = plain->RenderDepth(scene, free, 64, 64);
    CHECK(a.image.pixels == b.image.pixels);
    CHECK(a.depth == b.depth);
  }
}

TEST_CASE("What stands still is drawn once, until it moves or the light or the camera does",
          "[sim][render]") {
  const std::string mirror =
      "<geom group='1' type='box' size='.3 .3 .01' pos='.2 0 1' material='mirror'/></worldbody>"
      "<asset><material name='mirror' reflectance='.5'/></asset><worldbody>";
  for (const std::string& more : {std::string(), mirror}) {
    const auto exact = OpenOrSkip<EglRenderer>();
    const auto plain = OpenOrSkip<EglRenderer>(EglRendererOptions{.plain = true});
    if (!exact) return;
    Scene scene(SceneWithBalls(more));
    ResetPanda(scene);
    Image last;
    const auto check = [&](const char* what) {
      CAPTURE(more, what);
      for (int i = 0; i < 4; ++i) {
        scene.Step({0.9, 0.2, -0.9, 0, 0, 0.5, 1});
        const Image a = exact->Render(scene, "front", 96, 96);
        CHECK(a.pixels == plain->Render(scene, "front", 96, 96).pixels);
        CHECK(a.pixels == exact->Render(scene, "front", 96, 96).pixels);
        CHECK(a.pixels != last.pixels);
        last = a;
      }
    };
    check("arm moves");
    mjModel& model = scene.mutable_model();
    model.body_pos[3 * mj_name2id(&model, mjOBJ_BODY, "fixture_main")] += 0.1;
    check("fixture elsewhere");
    REQUIRE(model.nlight > 0);
    model.light_pos[0] += 0.5;
    check("light elsewhere");
    model.cam_fovy[mj_name2id(&model, mjOBJ_CAMERA, "front")] += 5;
    check("camera wider");
    mjvCamera front;
    mjv_defaultFreeCamera(&model, &front);
    front.type = mjCAMERA_FIXED;
    front.fixedcamid = mj_name2id(&model, mjOBJ_CAMERA, "front");
    CHECK(exact->RenderDepth(scene, front, 96, 96).depth ==
          plain->RenderDepth(scene, front, 96, 96).depth);
  }
}

TEST_CASE("What may mirror is found where it is seen", "[sim][render]") {
  mjvScene scene;
  mjv_defaultScene(&scene);
  mjvGeom geoms[2] = {};
  scene.geoms = geoms;
  scene.ngeom = 1;
  for (mjvGLCamera& camera : scene.camera) {
    camera = {.forward = {0, 0, -1},
              .up = {0, 1, 0},
              .frustum_bottom = -1,
              .frustum_top = 1,
              .frustum_near = 1,
              .frustum_far = 99};
  }
  mjvGeom& box = geoms[0];
  box = {.type = mjGEOM_BOX,
         .size = {1, 2, 0.5},
         .pos = {0, 0, -10.5},
         .mat = {1, 0, 0, 0, 1, 0, 0, 0, 1},
         .rgba = {1, 1, 1, 1}};
  CHECK(MirrorRect(scene, 100, 100).right < 0);  // nothing mirrors
  box.reflectance = 0.5;
  const PixelRect rect = MirrorRect(scene, 100, 100);  // ten metres off, a metre is five pixels
  CHECK(rect.left == Approx(44));
  CHECK(rect.right == Approx(56));
  CHECK(rect.bottom == Approx(39));
  CHECK(rect.top == Approx(61));
  box.pos[0] = 30;
  const PixelRect outside = MirrorRect(scene, 100, 100);
  CHECK(outside.left >= outside.right);
  box.pos[0] = 0, box.pos[2] = -1;
  CHECK(MirrorRect(scene, 100, 100).right == 100);  // reaches behind the eye
  box.type = mjGEOM_PLANE;
  CHECK(MirrorRect(scene, 100, 100).right == 100);
}

}  // namespace
}  // namespace vega
