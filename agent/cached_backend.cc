// Keys, and batches taken apart into clips and put together again.

#include "agent/cached_backend.h"

#define XXH_INLINE_ALL
#include <ATen/ATen.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <utility>
#include <vector>

#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {
namespace {

at::Tensor OneOf(const at::Tensor& batch, int64_t clip) {
  return batch.defined() ? batch.narrow(0, clip, 1).to(at::kCPU).contiguous() : at::Tensor();
}

VideoFeatures OneOf(const VideoFeatures& batch, int64_t clip) {
  return {OneOf(batch.latents, clip), OneOf(batch.noisy, clip), OneOf(batch.tokens, clip),
          OneOf(batch.pooled, clip)};
}

at::Tensor Joined(const std::vector<VideoFeatures>& clips, at::Tensor VideoFeatures::*member,
                  at::Device device) {
  std::vector<at::Tensor> parts;
  for (const VideoFeatures& clip : clips) parts.push_back(clip.*member);
  return parts.empty() || !parts[0].defined() ? at::Tensor() : at::cat(parts).to(device);
}

}  // namespace

CachedBackend::CachedBackend(std::shared_ptr<FeatureBackend> tower, std::string identity,
                             const FeatureCacheOptions& options, at::Device device)
    : tower_(std::move(tower)),
      identity_(std::move(identity)),
      pooled_only_(options.pooled_only),
      cache_(options),
      device_(device) {
  if (pooled_only_) identity_ += "/pooled";
}

std::string CachedBackend::Key(const FeatureRequest& request, int64_t clip) const {
  const at::Tensor frames = OneOf(request.frames, clip);  // [1,T,H,W,3]
  std::string rest = fmt::format("{}|{}|", identity_, ShapeText(frames.sizes()));
  if (request.injected.defined()) {
    const at::Tensor noise = OneOf(request.injected, clip);
    const XXH128_hash_t hash = XXH3_128bits(noise.data_ptr(), noise.nbytes());
    rest += fmt::format("given {} {} {:x}{:x}", ShapeText(noise.sizes()),
                        c10::toString(noise.scalar_type()), hash.high64, hash.low64);
  } else {
    const NoiseKey& key = request.noise[clip];
    rest += fmt::format("drawn {} {} {}", key.seed, key.step, key.stream);
  }
  const XXH128_hash_t pixels = XXH3_128bits(frames.data_ptr(), frames.nbytes());
  rest += fmt::format("|{:016x}{:016x}", pixels.high64, pixels.low64);
  const XXH128_hash_t hash = XXH3_128bits(rest.data(), rest.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

VideoFeatures CachedBackend::Extract(const FeatureRequest& request, StageTimes* times) {
  if (request.stream != nullptr) return tower_->Extract(request, times);
  RequireShape(request.frames, {-1, -1, -1, -1, 3}, "frames", "[B,T,H,W,3]");
  const int64_t count = request.frames.size(0);
  if (request.injected.defined() ? request.injected.size(0) != count
                                 : static_cast<int64_t>(request.noise.size()) != count) {
    throw Error(fmt::format("{} draws of noise for {} clips",
                            request.injected.defined() ? request.injected.size(0)
                                                       : static_cast<int64_t>(request.noise.size()),
                            count));
  }
  std::vector<std::string> keys(count);
  std::vector<VideoFeatures> clips(count);
  std::vector<int64_t> missing;
  for (int64_t b = 0; b < count; ++b) {
    keys[b] = Key(request, b);
    if (auto found = cache_.Find(keys[b])) {
      clips[b] = *std::move(found);
    } else {
      missing.push_back(b);
    }
  }
  if (!missing.empty()) {
    FeatureRequest rest;
    const at::Tensor rows = at::tensor(missing);
    rest.frames = request.frames.index_select(0, rows.to(request.frames.device()));
    if (request.injected.defined()) {
      rest.injected = request.injected.index_select(0, rows.to(request.injected.device()));
    } else {
      for (const int64_t b : missing) rest.noise.push_back(request.noise[b]);
    }
    const VideoFeatures computed = tower_->Extract(rest, times);
    for (size_t i = 0; i < missing.size(); ++i) {
      const int64_t b = missing[i];
      clips[b] = OneOf(computed, static_cast<int64_t>(i));
      cache_.Put(keys[b], clips[b]);
      // a hit answers with what is kept, so a miss does too
      if (pooled_only_) clips[b] = {{}, {}, {}, clips[b].pooled};
    }
  }
  return {Joined(clips, &VideoFeatures::latents, device_),
          Joined(clips, &VideoFeatures::noisy, device_),
          Joined(clips, &VideoFeatures::tokens, device_),
          Joined(clips, &VideoFeatures::pooled, device_)};
}

}  // namespace vega
