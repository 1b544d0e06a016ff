// The convolutional encoder: where its tokens lie, and which sizes it takes.

#include "agent/conv_encoder.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

SemanticEncoderOptions Small() {
  return {.image_size = 32,
          .patch_size = 8,
          .hidden_size = 12,
          .widths = {8, 12},
          .depths = {1, 1},
          .kernel = 3};
}

TEST_CASE("A convolutional encoder's tokens lie row by row, each over its own pixels") {
  ConvEncoder encoder(Small());
  InitializeWeights(*encoder, 1);
  const at::Tensor pixels = Uniform({1, 3, 32, 32}, 2);
  const at::Tensor before = encoder->forward(pixels);
  REQUIRE(before.sizes() == at::IntArrayRef({1, 16, 12}));
  for (const int64_t token : {0, 3, 6, 15}) {
    const int64_t row = token / 4, column = token % 4;
    at::Tensor changed = pixels.clone();
    changed.slice(2, 8 * row, 8 * row + 8).slice(3, 8 * column, 8 * column + 8).neg_();
    const at::Tensor by = (encoder->forward(changed) - before).abs().sum(2)[0];  // [16]
    CHECK(by.argmax().item<int64_t>() == token);
  }
  // one token beyond the neighbours nothing is seen: two convolutions of 3, one of them over
  // patches of 4 pixels
  at::Tensor corner = pixels.clone();
  corner.slice(2, 0, 8).slice(3, 0, 8).neg_();
  CHECK((encoder->forward(corner) - before)[0][15].abs().max().item<double>() == 0);
}

TEST_CASE("Sizes that a convolutional encoder's levels do not give are refused by name") {
  const auto refused = [](auto edit, const std::string& what) {
    SemanticEncoderOptions options = Small();
    edit(options);
    CHECK_THROWS_WITH(MakeVisionEncoder(options), Catch::Contains(what));
  };
  refused([](auto& o) { o.patch_size = 16; }, "tokens of 8 x 8 pixels, patch_size is 16");
  refused([](auto& o) { o.image_size = 36; }, "image_size 36");
  refused([](auto& o) { o.hidden_size = 8; }, "hidden_size of a convolutional encoder is 8");
  refused([](auto& o) { o.depths = {1}; }, "2 widths has 1 depths");
  refused([](auto& o) { o.widths.clear(); }, "0 widths has 2 depths");
  refused([](auto& o) { o.kernel = 4; }, "kernel of a convolutional encoder is 4");
  CHECK_THROWS_WITH(MakeVisionEncoder(Small())->forward(at::zeros({1, 3, 32, 16})),
                    Catch::Contains("pixels"));
}

}  // namespace
}  // namespace vega
