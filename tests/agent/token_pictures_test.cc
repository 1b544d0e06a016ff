// Pictures of tokens: signs, stretches, places and lines.

#include "agent/token_pictures.h"

#include <ATen/ATen.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/base/error.h"
#include "sim/png.h"
#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

TEST_CASE("Principal components come in order of variance, with fixed signs") {
  const at::Tensor plain = Uniform({50, 3}, 1);  // along three axes of very different length
  const at::Tensor lengths = at::tensor({5.0f, 20.0f, 0.5f});
  const at::Tensor tokens = at::cat({plain * lengths, at::zeros({50, 2})}, 1);
  const at::Tensor c = PrincipalComponents(tokens.view({5, 10, 5})).view({50, 3});
  CHECK((c.var(0).slice(0, 0, 2) >= c.var(0).slice(0, 1, 3)).all().item<bool>());
  // the axis of a component has its largest entry positive: it grows with that entry
  const at::Tensor centred = tokens - tokens.mean(0, true);
  CHECK((c.select(1, 0) * centred.select(1, 1)).sum().item<double>() > 0);
  CHECK((c.select(1, 1) * centred.select(1, 0)).sum().item<double>() > 0);
  // the same cloud mirrored is the same picture mirrored, not recoloured at random
  CHECK(RelativeError(PrincipalComponents(-tokens), -c) < 1e-5);
  // fewer dimensions than components
  CHECK((PrincipalComponents(Uniform({6, 2}, 2)).select(1, 2) == 0).all().item<bool>());
}

TEST_CASE("Stretching maps the 1st and 99th percentile to 0 and 255") {
  const at::Tensor values = at::arange(101, at::kFloat);
  const at::Tensor bytes = StretchToBytes(values);
  CHECK(bytes[0].item<int>() == 0);
  CHECK(bytes[1].item<int>() == 0);
  CHECK(bytes[50].item<int>() == 128);
  CHECK(bytes[99].item<int>() == 255);
  CHECK(StretchToBytes(at::ones({4, 3})).sum().item<int>() == 0);  // nothing varies
}

TEST_CASE("An overlay colours the cell of each token and no other") {
  const Image picture{8, 8, std::vector<uint8_t>(8 * 8 * 3, 100)};
  at::Tensor colours = at::full({4, 3}, 100, at::kByte);
  colours[1] = 255;  // top right
  const at::Tensor out = ToTensor(Overlay(picture, colours, 1.0)).select(2, 0);
  CHECK((out.slice(0, 0, 4).slice(1, 4, 8) == 255).all().item<bool>());
  CHECK(out.eq(255).sum().item<int>() == 16);
  const Image mixed = Overlay(picture, at::full({1, 3}, 200, at::kByte), 0.25);
  CHECK(int(mixed.pixels[0]) == 125);
  // a grid that is no square says so
  at::Tensor wide = at::full({2, 4, 3}, 100, at::kByte);
  wide[1][3] = 255;  // bottom right, 2 pixels wide
  const at::Tensor corner = ToTensor(Overlay(picture, wide, 1.0)).select(2, 0);
  CHECK((corner.slice(0, 4, 8).slice(1, 6, 8) == 255).all().item<bool>());
  CHECK(corner.eq(255).sum().item<int>() == 8);
  CHECK_THROWS_WITH(Overlay(picture, at::zeros({3, 3}, at::kByte)), Catch::Contains("no square"));
}

TEST_CASE("Gates are blue, white and red; lines join the cells that match") {
  const at::Tensor gate = GateColours(at::tensor({0.0f, 0.5f, 1.0f}));
  CHECK(gate[0].equal(at::tensor({0, 0, 255}, at::kByte)));
  CHECK(gate[1].equal(at::tensor({255, 255, 255}, at::kByte)));
  CHECK(gate[2].equal(at::tensor({255, 0, 0}, at::kByte)));
  const Image black{8, 8, std::vector<uint8_t>(8 * 8 * 3)};
  const Image lines = MatchPicture(black, black, {{0, 3, 1.0, true}}, 2, 2);
  CHECK(lines.width == 32);
  CHECK(lines.height == 16);
  const at::Tensor green = ToTensor(lines).select(2, 1);
  CHECK(green[4][4].item<int>() > 200);    // the middle of the first picture's cell 0
  CHECK(green[12][28].item<int>() > 200);  // and of the second's cell 3
  CHECK(green[0][0].item<int>() == 0);
}

TEST_CASE("Pictures of tokens are written as PNG files, frames side by side") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("vega_pictures_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::vector<Image> pictures(2, Image{16, 16, std::vector<uint8_t>(16 * 16 * 3, 50)});
  WriteTokenPictures(folder, "clip", pictures, Uniform({2, 16, 6}, 1), at::ones({2, 16, 1}));
  for (const char* kind : {"_pca.png", "_norm.png", "_gate.png"}) {
    const Image image = ReadPng(folder / (std::string("clip") + kind));
    CHECK(image.width == 32);
    CHECK(image.height == 16);
  }
  CHECK_THROWS_AS(WriteTokenPictures("/proc/none", "a", pictures, Uniform({2, 16, 6}, 1), {}),
                  Error);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace vega
