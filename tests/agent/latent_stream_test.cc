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

TEST_CASE("A stream of tolerance 0 is bit-equal to encoding the whole clip anew") {
  const VideoVae vae = SmallEncoder();
  const at::Tensor clip = Uniform({2, 3, 17, 16, 24}, 1);
  LatentStream stream(vae, {});
  at::Tensor latents = stream.Push(clip.narrow(2, 0, 1));
  int64_t seen = 1;
  for (const int64_t count : {4, 8, 4}) {
    latents = at::cat({latents, stream.Push(clip.narrow(2, seen, count))}, 2);
    seen += count;
    CHECK(latents.equal(VideoVae(vae)->Encode(clip.narrow(2, 0, seen))));
  }
  CHECK(stream.report().pieces == 4);
  CHECK(stream.report().encoded == 4);
  CHECK(stream.report().stale == 0);
}

TEST_CASE("A tolerant stream skips what hardly changes, says how stale it is, and sees changes") {
  const VideoVae vae = SmallEncoder();
  const at::Tensor first = Uniform({1, 3, 1, 16, 24}, 1);
  const at::Tensor still = first.expand({1, 3, 4, 16, 24}) + 0.01 * Uniform({1, 3, 4, 16, 24}, 2);
  LatentStream stream(vae, {.tolerance = 0.02, .max_stale = 2});
  const at::Tensor latent = stream.Push(first);
  for (int64_t i = 1; i <= 2; ++i) {
    CHECK(stream.Push(still).equal(latent));
    CHECK(stream.report().stale == i);
    CHECK(stream.report().difference > 0);
    CHECK(stream.report().difference < 0.02);
  }
  // never staler than allowed
  CHECK_FALSE(stream.Push(still).equal(latent));
  CHECK(stream.report().stale == 0);
  CHECK(stream.report().encoded == 2);
  // one tile of one frame that changes is enough
  at::Tensor changed = still.clone();
  changed.slice(2, 3, 4).slice(3, 8, 16).slice(4, 16, 24).fill_(1);
  const at::Tensor before = stream.Push(still);
  const at::Tensor after = stream.Push(changed);
  CHECK_FALSE(after.equal(before));
  CHECK(stream.report().difference > 0.02);
}

TEST_CASE("The error of a tolerant stream is what was skipped") {
  // the more is tolerated, the less is encoded; only nothing tolerated is without error
  const VideoVae vae = SmallEncoder();
  const at::Tensor drift = at::linspace(0, 0.3, 21).view({1, 1, 21, 1, 1});
  const at::Tensor clip = 0.7 * Uniform({1, 3, 1, 16, 16}, 1) + drift;
  const at::Tensor exact = VideoVae(vae)->Encode(clip);
  int64_t encoded = 0;
  for (const double tolerance : {0.5, 0.1, 0.0}) {
    LatentStream stream(vae, {.tolerance = tolerance, .max_stale = 100});
    std::vector<at::Tensor> latents = {stream.Push(clip.narrow(2, 0, 1))};
    for (int64_t begin = 1; begin < 21; begin += 4) {
      latents.push_back(stream.Push(clip.narrow(2, begin, 4)));
    }
    const double error = RelativeError(at::cat(latents, 2), exact);
    CHECK((error == 0) == (tolerance == 0));
    CHECK(stream.report().encoded > encoded);
    encoded = stream.report().encoded;
  }
  CHECK(encoded == 6);
}

TEST_CASE("A stream refuses frames that do not go on with it") {
  LatentStream stream(SmallEncoder(), {});
  CHECK_THROWS_WITH(stream.Push(at::zeros({1, 3, 5, 16, 16})), Catch::Contains("begins with 1"));
  stream.Push(at::zeros({1, 3, 1, 16, 16}));
  CHECK_THROWS_WITH(stream.Push(at::zeros({1, 3, 3, 16, 16})), Catch::Contains("multiple of 4"));
  CHECK_THROWS_AS(stream.Push(at::zeros({1, 3, 4, 16, 24})), Error);
  CHECK_THROWS_AS(LatentStream(SmallEncoder(), {.tolerance = -1}), Error);
}

}  // namespace
}  // namespace vega
