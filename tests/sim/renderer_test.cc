// Headless pictures. Needs an OpenGL driver with EGL, software is enough; without one the cases are
// skipped aloud.
#include <catch2/catch.hpp>
#include <fstream>
#include <memory>
#include <thread>

#include "sim/egl_renderer.h"
#include "sim/side_by_side_renderer.h"
#include "tests/sim/opengl.h"
#include "tests/sim/panda_scene.h"

namespace vega {
namespace {

using Catch::Contains;

bool Same(const Image& a, const Image& b) { return a.pixels == b.pixels; }

struct Rgb {
  double r = 0, g = 0, b = 0;
};

Rgb MeanOfRow(const Image& image, int row) {
  Rgb mean;
  for (int x = 0; x < image.width; ++x) {
    const uint8_t* pixel = image.pixels.data() + 3 * (size_t(row) * image.width + x);
    mean.r += pixel[0] / double(image.width);
    mean.g += pixel[1] / double(image.width);
    mean.b += pixel[2] / double(image.width);
  }
  return mean;
}

// pixels of the collision geoms' magenta
int Magenta(const Image& image) {
  int count = 0;
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    const uint8_t* p = image.pixels.data() + i;
    count += p[0] > 60 && p[2] > 60 && p[1] < 20 && std::abs(p[0] - p[2]) < 20;
  }
  return count;
}

}  // namespace

TEST_CASE("Row 0 of a picture is its top", "[sim][render]") {
  auto renderer = OpenOrSkip<EglRenderer>();
  if (!renderer) return;
  Scene scene(PandaModel());
  const Image image = renderer->Render(scene, "front", 96, 128);
  REQUIRE(image.height == 96);
  REQUIRE(image.width == 128);
  REQUIRE(image.pixels.size() == 96u * 128 * 3);
  const Rgb top = MeanOfRow(image, 5), bottom = MeanOfRow(image, 90);
  CHECK(top.r > top.b + 50);        // the red roof
  CHECK(bottom.b > bottom.r + 50);  // the blue floor
  CHECK(Magenta(image) == 0);       // collision geoms are not drawn
}

TEST_CASE("Pictures follow the scene, cameras and their own size", "[sim][render]") {
  auto renderer = OpenOrSkip<EglRenderer>();
  if (!renderer) return;
  Scene scene(PandaModel());
  const Image before = renderer->Render(scene, "front", 64, 64);
  CHECK(Same(renderer->Render(scene, "front", 64, 64), before));
  CHECK_FALSE(Same(renderer->Render(scene, "hand", 64, 64), before));
  ResetPanda(scene);  // moves the fixture
  CHECK_FALSE(Same(renderer->Render(scene, "front", 64, 64), before));
  const Image large = renderer->Render(scene, "front", 700, 900);  // beyond the first buffer
  CHECK(large.pixels.size() == 700u * 900 * 3);
  CHECK(MeanOfRow(large, 40).r > 100);
}

TEST_CASE("A site whose alpha is negative is not drawn, a stove's light is", "[sim][render]") {
  auto renderer = OpenOrSkip<EglRenderer>();
  if (!renderer) return;
  Scene scene(PandaModel());
  const Image hidden = renderer->Render(scene, "front", 64, 64);
  const int light = mj_name2id(&scene.model(), mjOBJ_SITE, "table_top");
  scene.mutable_model().site_rgba[4 * light + 3] = 0;
  CHECK(Same(renderer->Render(scene, "front", 64, 64), hidden));
  scene.mutable_model().site_rgba[4 * light + 3] = 2;
  CHECK_FALSE(Same(renderer->Render(scene, "front", 64, 64), hidden));
}

TEST_CASE("One renderer draws scenes of many models, keeping few", "[sim][render]") {
  auto renderer = OpenOrSkip<EglRenderer>(EglRendererOptions{.max_models = 1});
  if (!renderer) return;
  Scene first(PandaModel()), second(PandaModel());
  ResetPanda(second);
  const Image a = renderer->Render(first, "front", 48, 48);
  const Image b = renderer->Render(second, "front", 48, 48);
  CHECK_FALSE(Same(a, b));
  CHECK(Same(renderer->Render(first, "front", 48, 48), a));
  CHECK(Same(renderer->Render(second, "front", 48, 48), b));
  {
    Scene gone(PandaModel());
    renderer->Render(gone, "front", 48, 48);
  }
  CHECK(Same(renderer->Render(first, "front", 48, 48), a));
}

TEST_CASE("Renderers open, close and work side by side and on other threads", "[sim][render]") {
  auto renderer = OpenOrSkip<EglRenderer>();
  if (!renderer) return;
  Scene scene(PandaModel());
  const Image expected = renderer->Render(scene, "front", 32, 32);
  for (int i = 0; i < 5; ++i) {
    EglRenderer other;
    CHECK(Same(other.Render(scene, "front", 32, 32), expected));
    CHECK(Same(renderer->Render(scene, "front", 32, 32), expected));
  }
  Image elsewhere;
  std::unique_ptr<EglRenderer> made_elsewhere;
  std::thread([&] {
    made_elsewhere = std::make_unique<EglRenderer>();
    elsewhere = made_elsewhere->Render(scene, "front", 32, 32);
  }).join();
  CHECK(Same(elsewhere, expected));
  made_elsewhere.reset();
  CHECK(Same(renderer->Render(scene, "front", 32, 32), expected));
}

TEST_CASE("A renderer of one thread keeps its context and lets others draw between",
          "[sim][render]") {
  auto other = OpenOrSkip<EglRenderer>();
  if (!other) return;
  Scene scene(PandaModel());
  const Image right = other->Render(scene, "front", 48, 48);
  std::thread([&] {
    Scene own(PandaModel());
    EglRenderer keeping({.one_thread = true});
    CHECK(Same(keeping.Render(own, "front", 48, 48), right));
    CHECK(Same(other->Render(scene, "front", 48, 48), right));
    CHECK(Same(keeping.Render(own, "front", 48, 48), right));
    std::thread([&] {
      CHECK_THROWS_WITH(keeping.Render(own, "front", 48, 48), Contains("another thread"));
    }).join();
  }).join();
  CHECK(Same(other->Render(scene, "front", 48, 48), right));
}

TEST_CASE("Renderers side by side draw what one draws, in the order of the cameras",
          "[sim][render]") {
  const auto one = OpenOrSkip<EglRenderer>();
  if (!one) return;
  SideBySideRenderer both(std::make_unique<EglRenderer>(), {});
  Scene scene(PandaModel());
  const std::vector<std::string> cameras = {"front", "hand", "front"};
  for (int step = 0; step < 3; ++step) {
    scene.Step({0.5, 0, -0.2, 0.1, 0, 0, 1});
    const std::vector<Image> right = one->RenderAll(scene, cameras, 48, 64);
    const std::vector<Image> images = both.RenderAll(scene, cameras, 48, 64);
    REQUIRE(images.size() == 3);
    for (size_t i = 0; i < cameras.size(); ++i) CHECK(Same(images[i], right[i]));
    CHECK_FALSE(Same(images[0], images[1]));
  }
  CHECK(both.RenderAll(scene, {}, 48, 48).empty());
  CHECK(both.RenderAll(scene, {"hand"}, 48, 64).size() == 1);
  CHECK_THROWS_WITH(both.RenderAll(scene, {"front", "back"}, 48, 48), Contains("back"));
  CHECK_THROWS_WITH(both.RenderAll(scene, {"back", "front"}, 48, 48), Contains("back"));
  CHECK(Same(both.Render(scene, "front", 48, 64), one->Render(scene, "front", 48, 64)));
}

TEST_CASE("A renderer has company only where the processor draws and cores are left",
          "[sim][render]") {
  const auto one = OpenOrSkip<EglRenderer>();
  if (!one) return;
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  const auto paired = [](int sharers) {
    return dynamic_cast<SideBySideRenderer*>(MakeRenderer({}, sharers).get()) != nullptr;
  };
  CHECK(paired(1) == (one->software() && cores >= 2));
  CHECK_FALSE(paired(cores));
}

TEST_CASE("A renderer names its driver and refuses what it cannot draw", "[sim][render]") {
  auto renderer = OpenOrSkip<EglRenderer>();
  if (!renderer) return;
  CHECK_FALSE(renderer->name().empty());
  CHECK(renderer->software() == (renderer->name().find("llvmpipe") != std::string::npos));
  Scene scene(PandaModel());
  CHECK_THROWS_WITH(renderer->Render(scene, "back", 32, 32), Contains("back"));
  CHECK_THROWS_WITH(renderer->Render(scene, "front", 0, 32), Contains("0 x 32"));
  CHECK_THROWS_WITH(renderer->Render(scene, "front", 32, 99999), Contains("99999"));
}

}  // namespace vega
