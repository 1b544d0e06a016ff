// Controls, the cache and the comparison, around a tower that counts its calls.

#include <ATen/ATen.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "agent/cached_backend.h"
#include "agent/compare_backend.h"
#include "agent/control_backends.h"
#include "sim/base/error.h"
#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

// Tokens: the mean colour of each frame, and the noise key's step.
class MeanColour : public FeatureBackend {
 public:
  VideoFeatures Extract(const FeatureRequest& request, StageTimes*) override {
    clips += request.frames.size(0);
    last = request.frames.clone();
    VideoFeatures out;
    out.tokens = request.frames.to(at::kFloat).mean({2, 3}).unsqueeze(1);  // [B,1,T,3]
    for (size_t b = 0; b < request.noise.size(); ++b) {
      out.tokens[static_cast<int64_t>(b)] += 1e-3 * static_cast<double>(request.noise[b].step);
    }
    out.pooled = out.tokens + shift;
    return out;
  }
  int64_t width() const override { return 3; }
  TokenGrid grid() const override { return {1, 5}; }

  std::atomic<int64_t> clips = 0;
  double shift = 0;
  at::Tensor last;
};

FeatureRequest Clips(int64_t count, uint64_t seed, int64_t length = 5) {
  FeatureRequest request;
  request.frames = ((Uniform({count, length, 8, 8, 3}, seed) + 1) * 127).to(at::kByte);
  for (int64_t b = 0; b < count; ++b) {
    request.noise.push_back({7, "camera", static_cast<uint64_t>(b)});
  }
  return request;
}

struct Folder {
  fs::path path = fs::temp_directory_path() / ("vega_cache_" + std::to_string(getpid()));
  Folder() { fs::remove_all(path); }
  ~Folder() { fs::remove_all(path); }
  std::vector<fs::path> Files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    return files;
  }
};

TEST_CASE("noise-only shows noise that depends on the key alone") {
  const auto tower = std::make_shared<MeanColour>();
  NoiseOnlyBackend control(tower);
  control.Extract(Clips(2, 1), nullptr);
  const at::Tensor first = tower->last.clone();
  CHECK_FALSE(first.equal(Clips(2, 1).frames));
  CHECK_FALSE(first[0].equal(first[1]));
  CHECK(first.to(at::kFloat).mean().item<double>() == Approx(127.5).margin(5));
  control.Extract(Clips(2, 99), nullptr);
  CHECK(tower->last.equal(first));  // whatever the pictures show
  control.Extract(Clips(1, 1), nullptr);
  CHECK(tower->last[0].equal(first[0]));  // whatever else is in the batch
  FeatureRequest without = Clips(2, 1);
  without.noise.clear();
  CHECK_THROWS_WITH(control.Extract(without, nullptr), Catch::Contains("0 for 2 clips"));
}

TEST_CASE("shuffled-frames shows all frames of a clip, never in their order") {
  const auto tower = std::make_shared<MeanColour>();
  ShuffledFramesBackend control(tower);
  const FeatureRequest request = Clips(4, 1);
  const at::Tensor a = control.Extract(request, nullptr).tokens;
  CHECK(a.equal(control.Extract(request, nullptr).tokens));
  for (int64_t b = 0; b < 4; ++b) {
    CHECK_FALSE(tower->last[b].equal(request.frames[b]));
    const auto sums = [](const at::Tensor& clip) {
      return std::get<0>(clip.to(at::kLong).sum({1, 2, 3}).sort());
    };
    CHECK(sums(tower->last[b]).equal(sums(request.frames[b])));
  }
  control.Extract(Clips(1, 1, 1), nullptr);  // one frame has one order
  CHECK(tower->last.equal(Clips(1, 1, 1).frames));
}

TEST_CASE("The cache answers with the same bytes, clip by clip, without asking again") {
  Folder folder;
  const bool on_disk = GENERATE(true, false);
  const auto tower = std::make_shared<MeanColour>();
  FeatureCacheOptions options;
  if (on_disk) options.folder = folder.path;
  CachedBackend cached(tower, "mean colour", options);
  const FeatureRequest request = Clips(3, 1);
  const VideoFeatures plain = MeanColour().Extract(request, nullptr);
  for (int i = 0; i < 2; ++i) {
    const VideoFeatures features = cached.Extract(request, nullptr);
    CHECK(features.tokens.equal(plain.tokens));
    CHECK(features.pooled.equal(plain.pooled));
    CHECK_FALSE(features.latents.defined());
    CHECK(tower->clips == 3);
  }
  // another batch of known and new clips asks for the new ones alone
  FeatureRequest mixed = Clips(3, 2);
  mixed.frames[1] = request.frames[1];
  const VideoFeatures features = cached.Extract(mixed, nullptr);
  CHECK(features.tokens.equal(MeanColour().Extract(mixed, nullptr).tokens));
  CHECK(tower->clips == 5);
  CHECK(cached.counts().hits == 4);
  // each part of the key matters
  FeatureRequest other = request;
  other.noise[0].step = 9;
  cached.Extract(other, nullptr);
  CHECK(tower->clips == 6);
  other.frames = request.frames.clone();
  other.frames[0][4][7][7][2].bitwise_xor_(1);
  cached.Extract(other, nullptr);
  CHECK(tower->clips == 7);
  other.injected = at::zeros({3, 1});
  cached.Extract(other, nullptr);
  CHECK(tower->clips == 10);
  if (!on_disk) return;
  CachedBackend same(tower, "mean colour", options), another(tower, "other weights", options);
  same.Extract(request, nullptr);
  CHECK(tower->clips == 10);  // another process finds the folder as it is
  another.Extract(request, nullptr);
  CHECK(tower->clips == 13);
}

TEST_CASE("A damaged cache entry is computed again") {
  Folder folder;
  const auto tower = std::make_shared<MeanColour>();
  CachedBackend cached(tower, "mean colour", {.folder = folder.path});
  const FeatureRequest request = Clips(2, 1);
  const at::Tensor tokens = cached.Extract(request, nullptr).tokens;
  const auto files = folder.Files();
  REQUIRE(files.size() == 2);
  fs::resize_file(files[0], fs::file_size(files[0]) / 2);
  {  // one number of the other
    std::fstream file(files[1], std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-3, std::ios::end);
    file.put('\x55');
  }
  CHECK(cached.Extract(request, nullptr).tokens.equal(tokens));
  CHECK(cached.counts().corrupt == 2);
  CHECK(tower->clips == 4);
  cached.Extract(request, nullptr);
  CHECK(tower->clips == 4);
}

TEST_CASE("A full cache drops what was used least recently") {
  Folder folder;
  const bool on_disk = GENERATE(true, false);
  const auto tower = std::make_shared<MeanColour>();
  FeatureCacheOptions options{.max_bytes = on_disk ? 6000 : 1000};
  if (on_disk) options.folder = folder.path;
  CachedBackend cached(tower, "mean colour", options);
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    cached.Extract(Clips(1, seed), nullptr);
    if (on_disk) usleep(2000);  // a file's time tells uses apart
  }
  CHECK(tower->clips == 40);
  CHECK(cached.counts().evictions > 10);
  cached.Extract(Clips(1, 40), nullptr);
  CHECK(tower->clips == 40);
  cached.Extract(Clips(1, 1), nullptr);
  CHECK(tower->clips == 41);
  if (!on_disk) return;
  uintmax_t bytes = 0;
  for (const auto& file : folder.Files()) bytes += fs::file_size(file);
  CHECK(bytes <= 6000);
}

TEST_CASE("Threads share a cache; a folder that cannot be made is one clear error") {
  Folder folder;
  const auto tower = std::make_shared<MeanColour>();
  CachedBackend cached(tower, "mean colour", {.folder = folder.path, .max_bytes = 20000});
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (uint64_t seed = 1; seed <= 30; ++seed) {
        const FeatureRequest request = Clips(2, seed % 7);
        wrong += !cached.Extract(request, nullptr)
                      .tokens.equal(MeanColour().Extract(request, nullptr).tokens);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(cached.counts().corrupt == 0);
  CHECK_THROWS_WITH(CachedBackend(tower, "", {.folder = "/proc/nowhere"}),
                    Catch::Contains("/proc/nowhere"));
  CHECK_THROWS_AS(CachedBackend(tower, "", {.max_bytes = 0}), Error);
}

TEST_CASE("A comparison answers as the reference and tells how far the candidate is") {
  const auto reference = std::make_shared<MeanColour>(), candidate = std::make_shared<MeanColour>();
  candidate->shift = 1;
  CompareBackend compare(reference, candidate);
  const FeatureRequest request = Clips(2, 1);
  const VideoFeatures features = compare.Extract(request, nullptr);
  CHECK(features.pooled.equal(MeanColour().Extract(request, nullptr).pooled));
  const auto errors = compare.errors();
  CHECK(errors.at("tokens").max_relative == 0);
  CHECK(errors.at("pooled").max_relative ==
        Approx(1 / features.pooled.abs().max().item<double>()).epsilon(1e-4));
  CHECK(errors.at("pooled").rows == 10);
  CHECK(errors.at("pooled").min_cosine > 0.99);
  CHECK(compare.Summary().find("pooled: max relative error") != std::string::npos);
  CHECK_THROWS_WITH(CompareBackend(reference, std::make_shared<RandomFeatureBackend>(3, 2)),
                    Catch::Contains("cannot be compared"));
}

}  // namespace
}  // namespace vega
