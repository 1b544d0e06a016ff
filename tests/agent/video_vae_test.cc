// The video VAE against diffusers, and what "causal" promises.

#include "agent/video_vae.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include "sim/base/error.h"
#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

VideoVae FixtureVae(const TensorMap& fixture, int64_t chunk_frames = 4) {
  VideoVaeOptions options = SmallVae();
  options.dim = 3;
  options.chunk_frames = chunk_frames;
  VideoVae vae(options);
  LoadTensors(*vae, FixtureWeights(fixture), "fixture");
  Freeze(*vae);
  return vae;
}

TEST_CASE("Latents equal diffusers' for 1, 5 and 9 frames, however the clip is cut") {
  const TensorMap fixture = AgentFixture("video_vae");
  for (const int64_t chunk_frames : {4, 8, 0}) {
    VideoVae vae = FixtureVae(fixture, chunk_frames);
    for (const int64_t length : {1, 5, 9}) {
      const at::Tensor latents = vae->Encode(fixture.at("clip").narrow(2, 0, length));
      const double error = RelativeError(latents, fixture.at("latents" + std::to_string(length)));
      INFO("T " << length << ", pieces of " << chunk_frames << ": " << error);
      CHECK(error < 1e-5);
    }
  }
}

TEST_CASE("Decoded frames equal diffusers'") {
  const TensorMap fixture = AgentFixture("video_vae");
  VideoVae vae = FixtureVae(fixture);
  const at::Tensor frames = vae->Decode(fixture.at("latents9").narrow(0, 0, 1));
  CHECK(RelativeError(frames, fixture.at("frames9")) < 1e-5);
}

TEST_CASE("A later frame leaves earlier latents as they are, bit for bit") {
  VideoVae vae(SmallVae());
  InitializeWeights(*vae, 7);
  const at::Tensor clip = Uniform({1, 3, 9, 16, 16}, 1);
  at::Tensor changed = clip.clone();
  changed.select(2, 5).neg_();
  const at::Tensor a = vae->Encode(clip), b = vae->Encode(changed);  // [1,4,3,2,2]
  CHECK(a.narrow(2, 0, 2).equal(b.narrow(2, 0, 2)));
  CHECK_FALSE(a.select(2, 2).equal(b.select(2, 2)));
}

TEST_CASE("One frame alone gives the first latent of a clip that begins with it") {
  VideoVae vae(SmallVae());
  InitializeWeights(*vae, 7);
  const at::Tensor clip = Uniform({2, 3, 5, 16, 24}, 2);
  CHECK(vae->Encode(clip.narrow(2, 0, 1)).equal(vae->Encode(clip).narrow(2, 0, 1)));
}

TEST_CASE("Frames the VAE cannot encode are one clear error") {
  VideoVae vae(SmallVae());
  CHECK_THROWS_AS(vae->Encode(at::zeros({1, 3, 4, 16, 16})), Error);
  CHECK_THROWS_AS(vae->Encode(at::zeros({1, 3, 5, 12, 16})), Error);
  CHECK_THROWS_AS(vae->Encode(at::zeros({1, 4, 5, 16, 16})), Error);
  VideoVaeOptions encoder_only = SmallVae();
  encoder_only.decoder = false;
  CHECK_THROWS_AS(VideoVae(encoder_only)->Decode(at::zeros({1, 4, 1, 2, 2})), Error);
}

}  // namespace
}  // namespace vega
