// Pictures of noise and clips out of order.

#include "agent/control_backends.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cstring>
#include <numeric>
#include <span>

#include "agent/shapes.h"
#include "sim/base/error.h"
#include "sim/base/random.h"

namespace vega {
namespace {

// Checks frames [B,T,H,W,3] and their B keys.
void RequireKeys(const FeatureRequest& request, const char* control) {
  RequireShape(request.frames, {-1, -1, -1, -1, 3}, "frames", "[B,T,H,W,3]");
  if (static_cast<int64_t>(request.noise.size()) != request.frames.size(0)) {
    throw Error(fmt::format("{} draws from noise keys: {} for {} clips", control,
                            request.noise.size(), request.frames.size(0)));
  }
}

void FillBytes(RandomStream stream, std::span<uint8_t> out) {
  for (size_t i = 0; i < out.size(); i += 4) {
    const uint32_t word = stream.NextU32();
    std::memcpy(out.data() + i, &word, std::min<size_t>(4, out.size() - i));
  }
}

// a permutation of 0..count-1 that is not the identity where there is another
std::vector<int64_t> Shuffled(RandomStream stream, int64_t count) {
  std::vector<int64_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  while (count > 1 && std::is_sorted(order.begin(), order.end())) {
    for (int64_t i = count - 1; i > 0; --i) {
      std::swap(order[i], order[stream.Below(static_cast<uint32_t>(i + 1))]);
    }
  }
  return order;
}

}  // namespace

VideoFeatures NoiseOnlyBackend::Extract(const FeatureRequest& request, StageTimes* times) {
  RequireKeys(request, "noise-only");
  FeatureRequest noise = request;
  noise.frames = at::empty(request.frames.sizes(), at::kByte);  // [B,T,H,W,3]
  const size_t clip = request.noise.empty() ? 0 : noise.frames.numel() / request.noise.size();
  uint8_t* out = noise.frames.data_ptr<uint8_t>();
  for (const NoiseKey& key : request.noise) {
    FillBytes(RandomStream(key.seed, "noise-only/" + key.stream, key.step), {out, clip});
    out += clip;
  }
  return tower_->Extract(noise, times);
}

VideoFeatures ShuffledFramesBackend::Extract(const FeatureRequest& request, StageTimes* times) {
  RequireKeys(request, "shuffled-frames");
  FeatureRequest shuffled = request;
  shuffled.frames = at::empty_like(request.frames);  // [B,T,H,W,3]
  for (size_t b = 0; b < request.noise.size(); ++b) {
    const NoiseKey& key = request.noise[b];
    const auto order = Shuffled(RandomStream(key.seed, "shuffled-frames/" + key.stream, key.step),
                                request.frames.size(1));
    const auto clip = static_cast<int64_t>(b);
    shuffled.frames[clip].copy_(request.frames[clip].index_select(0, at::tensor(order)));
  }
  return tower_->Extract(shuffled, times);
}

}  // namespace vega
