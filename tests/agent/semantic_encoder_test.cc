// The semantic encoder against transformers.

#include "agent/semantic_encoder.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

TEST_CASE("Semantic tokens equal SigLIP's of transformers") {
  const TensorMap fixture = AgentFixture("siglip");
  SemanticEncoderOptions options{.image_size = 28,
                                 .patch_size = 7,
                                 .hidden_size = 32,
                                 .intermediate_size = 56,
                                 .num_heads = 2,
                                 .num_layers = 3,
                                 .post_norm = true};
  SemanticEncoder all(options);
  LoadTensors(*all, FixtureWeights(fixture), "fixture");
  CHECK(RelativeError(all->forward(fixture.at("pixels")), fixture.at("last")) < 1e-5);
  // as VEGA-3D uses it: without the last layer and the final norm
  options.num_layers = 2;
  options.post_norm = false;
  SemanticEncoder cut(options);
  LoadTensors(*cut, FixtureWeights(fixture), "fixture", {}, /*strict=*/false);
  CHECK(RelativeError(cut->forward(fixture.at("pixels")), fixture.at("layer2")) < 1e-5);
}

}  // namespace
}  // namespace vega
