// PNG files and cameras.
#include "sim/image.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/base/error.h"
#include "sim/base/random.h"
#include "sim/camera.h"
#include "sim/png.h"
#include "tests/sim/panda_scene.h"

namespace vega {
namespace {

using Catch::Contains;

}  // namespace

TEST_CASE("A PNG holds every pixel, top row first", "[sim][png]") {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("vega-png-" + std::to_string(getpid()) + ".png");
  Image image{3, 5, std::vector<uint8_t>(45)};
  RandomStream random(1, "png");
  for (uint8_t& value : image.pixels) value = random.Below(256);
  WritePng(file, image);
  const Image read = ReadPng(file);
  std::filesystem::remove(file);
  CHECK(read.height == 3);
  CHECK(read.width == 5);
  CHECK(read.pixels == image.pixels);
}

TEST_CASE("What is no PNG is refused by name", "[sim][png]") {
  std::vector<std::byte> png = EncodePng({2, 2, std::vector<uint8_t>(12, 7)});
  png.resize(png.size() / 2);
  CHECK_THROWS_WITH(DecodePng(png, "half.png"), Contains("half.png"));
  CHECK_THROWS_WITH(ReadPng("no/such.png"), Contains("no/such.png"));
  CHECK_THROWS_AS(WritePng("no/such/folder/a.png", {1, 1, {1, 2, 3}}), Error);
  CHECK_THROWS_AS(EncodePng({}), Error);
}

TEST_CASE("A camera states its pose, field of view and focal length", "[sim][camera]") {
  const ModelPtr model = PandaModel();
  const CameraSpec hand = FindCamera(*model, "hand");
  CHECK(hand.body == "robot0_right_hand");
  CHECK(hand.pos == std::array<double, 3>{0.05, 0, 0});
  CHECK(hand.fovy == 75);
  CHECK(hand.FocalLength(256) == Approx(128 / std::tan(37.5 * 3.14159265358979 / 180)));
  CHECK(FindCamera(*model, "front").body == "world");
  CHECK_THROWS_WITH(FindCamera(*model, "back"), Contains("it has front, hand"));
}

}  // namespace vega
