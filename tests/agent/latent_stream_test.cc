// Streams of latents: exact where they are to be, honest where they are not.

#include "agent/latent_stream.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include "agent/device.h"
#include "sim/base/error.h"
#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

VideoVae SmallEncoder() {
  SetTorchThreads(1);
  VideoVaeOptions options = SmallVae();
  options.decoder = false;
  VideoVae vae(options);
  InitializeWeights(*vae, 3);
  return vae;
}

TEST_CASE("A stream of tolerance 0 is bit-equal to encoding anew, and encodes only what is new") {
  VideoVae vae = SmallEncoder();
  const at::Tensor frames = Uniform({2, 3, 17, 16, 24}, 1);
  LatentStream stream({});
  int64_t encoded = 0;
  // a clip that grows: its first frame again, as a frame alone leaves no history; then pieces
  for (const auto& [length, pieces] : {std::pair{1, 1}, {5, 2}, {13, 2}, {13, 0}, {17, 1}}) {
    const at::Tensor clip = frames.narrow(2, 0, length);
    CHECK(stream.Encode(vae, clip).equal(vae->Encode(clip)));
    CHECK(stream.report().encoded - encoded == pieces);
    encoded = stream.report().encoded;
  }
  CHECK(stream.report().stale == 0);
  CHECK(stream.report().difference == 0);
  // a clip that slides has another history, and one changed pixel is a change
  for (at::Tensor clip : {frames.narrow(2, 4, 13), frames.narrow(2, 4, 13).clone()}) {
    clip[1][2][7][15][23] += 1e-3;
    CHECK(stream.Encode(vae, clip).equal(vae->Encode(clip)));
  }
  // one of another size begins anew
  const at::Tensor small = Uniform({1, 3, 5, 8, 8}, 2);
  CHECK(stream.Encode(vae, small).equal(vae->Encode(small)));
}

TEST_CASE("Frames of their own are taken over while they are alike") {
  VideoVae vae = SmallEncoder();
  const at::Tensor first = Uniform({1, 3, 1, 16, 24}, 1);
  const at::Tensor still = first + 0.01 * Uniform({1, 3, 1, 16, 24}, 2);
  LatentStream stream({.tolerance = 0.02, .max_stale = 2});
  const at::Tensor latent = stream.Encode(vae, first);
  CHECK(latent.equal(vae->Encode(first)));
  for (int64_t i = 1; i <= 2; ++i) {
    CHECK(stream.Encode(vae, still).equal(latent));
    CHECK(stream.report().stale == i);
    CHECK(stream.report().difference > 0);
    CHECK(stream.report().difference < 0.02);
  }
  // never staler than allowed
  CHECK(stream.Encode(vae, still).equal(vae->Encode(still)));
  CHECK(stream.report().stale == 0);
  CHECK(stream.report().encoded == 2);
  // one tile that changes is enough
  at::Tensor changed = still.clone();
  changed.slice(3, 8, 16).slice(4, 16, 24).fill_(1);
  CHECK(stream.Encode(vae, changed).equal(vae->Encode(changed)));
  stream.Reset();
  CHECK(stream.Encode(vae, still).equal(vae->Encode(still)));
}

TEST_CASE("A tolerant stream of sliding clips encodes their newest frames alone") {
  VideoVae vae = SmallEncoder();
  const at::Tensor frames = 0.5 * Uniform({1, 3, 1, 16, 16}, 1) +  // a slowly brightening picture
                            at::linspace(-0.2, 0.2, 33).view({1, 1, 33, 1, 1});
  LatentStream stream({.tolerance = 1e-6});
  stream.Encode(vae, frames.narrow(2, 0, 17));
  CHECK(stream.report().encoded == 5);
  for (int64_t begin = 4; begin <= 16; begin += 4) {
    const int64_t before = stream.report().encoded;
    const at::Tensor clip = frames.narrow(2, begin, 17);
    const at::Tensor latents = stream.Encode(vae, clip);
    CHECK(stream.report().encoded - before == 2);  // its first frame, now alone, and the newest
    // what is taken over has its own history: near what encoding anew gives, not equal
    const double error = RelativeError(latents, vae->Encode(clip));
    CHECK(error > 0);
    CHECK(error < 1);
    // the newest piece follows all frames since the stream began
    CHECK(latents.select(2, -1).equal(vae->Encode(frames.narrow(2, 0, begin + 17)).select(2, -1)));
  }
}

TEST_CASE("The error of a tolerant stream is what was skipped") {
  // the more is tolerated, the less is encoded; only nothing tolerated is without error
  VideoVae vae = SmallEncoder();
  const at::Tensor drift = at::linspace(0, 0.3, 21).view({1, 1, 21, 1, 1});
  const at::Tensor clip = 0.7 * Uniform({1, 3, 1, 16, 16}, 1) + drift;
  const at::Tensor exact = vae->Encode(clip);
  int64_t encoded = 0;
  for (const double tolerance : {0.5, 0.1, 0.0}) {
    LatentStream stream({.tolerance = tolerance, .max_stale = 100});
    const double error = RelativeError(stream.Encode(vae, clip), exact);
    CHECK((error == 0) == (tolerance == 0));
    CHECK(stream.report().encoded > encoded);
    encoded = stream.report().encoded;
  }
  CHECK(encoded == 6);
}

TEST_CASE("A stream refuses clips that are none") {
  VideoVae vae = SmallEncoder();
  LatentStream stream({});
  CHECK_THROWS_WITH(stream.Encode(vae, at::zeros({1, 3, 4, 16, 16})), Catch::Contains("1 + 4 n"));
  CHECK_THROWS_AS(stream.Encode(vae, at::zeros({1, 4, 1, 16, 16})), Error);
  CHECK_THROWS_AS(LatentStream({.tolerance = -1}), Error);
}

}  // namespace
}  // namespace vega
