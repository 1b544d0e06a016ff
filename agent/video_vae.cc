// Clips through the VAE in pieces, and the normalisation of latents.

#include "agent/video_vae.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {
namespace {

// [1,C,1,1,1], to broadcast over latents; made where the latents are, as a device's graph needs it
at::Tensor PerChannel(const std::vector<double>& values, const at::Tensor& like) {
  const auto count = static_cast<int64_t>(values.size());
  at::Tensor out = at::empty({1, count, 1, 1, 1}, like.options());
  for (int64_t i = 0; i < count; ++i) out.select(1, i).fill_(values[i]);
  return out;
}

}  // namespace

VideoVaeImpl::VideoVaeImpl(const VideoVaeOptions& options) : options_(options) {
  const int64_t z = options.z_dim;
  if (options.dim_mult.empty() || options.temporal_down.size() + 1 != options.dim_mult.size() ||
      static_cast<int64_t>(options.latents_mean.size()) != z ||
      static_cast<int64_t>(options.latents_std.size()) != z || options.chunk_frames % 4 != 0) {
    throw Error("vae options do not fit together",
                "temporal_down is one shorter than dim_mult, latents_mean and latents_std have "
                "z_dim entries, chunk_frames is a multiple of 4");
  }
  encoder_ = register_module("encoder", VaeCoder(options, true));
  conv1_ = register_module("conv1", CausalConv3d(2 * z, 2 * z, 1, 1));
  if (!options.decoder) return;
  conv2_ = register_module("conv2", CausalConv3d(z, z, 1, 1));
  decoder_ = register_module("decoder", VaeCoder(options, false));
}

int64_t VideoVaeImpl::spatial_stride() const { return int64_t{1} << options_.temporal_down.size(); }

int64_t VideoVaeImpl::temporal_stride() const {
  const auto& down = options_.temporal_down;
  return int64_t{1} << std::count(down.begin(), down.end(), true);
}

void VideoVaeImpl::SetComputeType(at::ScalarType dtype) {
  for (auto& entry : named_parameters()) {
    if (!entry.key().ends_with("gamma")) entry.value().set_data(entry.value().to(dtype));
  }
}

at::Tensor VideoVaeImpl::Encode(const at::Tensor& frames) { return Normalize(Moments(frames)); }

at::Tensor VideoVaeImpl::EncodePiece(const at::Tensor& frames, VaeCache& cache) {
  return Normalize(MomentsPiece(frames, cache));
}

at::Tensor VideoVaeImpl::Moments(const at::Tensor& frames) {
  RequireShape(frames, {-1, 3, -1, -1, -1}, "frames", "[B,3,T,H,W]");
  const int64_t length = frames.size(2), stride = spatial_stride();
  if (length % temporal_stride() != 1 % temporal_stride() || frames.size(3) % stride != 0 ||
      frames.size(4) % stride != 0) {
    throw Error(
        fmt::format("the video VAE cannot encode frames of shape {}", ShapeText(frames.sizes())),
        fmt::format("T is 1 + {} n, H and W are multiples of {}", temporal_stride(), stride));
  }
  VaeCache cache;
  cache.last = options_.chunk_frames == 0 || length == 1;
  if (cache.last) return MomentsPiece(frames, cache);
  std::vector<at::Tensor> moments = {MomentsPiece(frames.narrow(2, 0, 1), cache)};
  for (int64_t begin = 1; begin < length; begin += options_.chunk_frames) {
    const int64_t count = std::min(options_.chunk_frames, length - begin);
    cache.last = begin + count == length;
    moments.push_back(MomentsPiece(frames.narrow(2, begin, count), cache));
  }
  return at::cat(moments, 2);  // [B,2C,t,h,w]
}

at::Tensor VideoVaeImpl::MomentsPiece(const at::Tensor& frames, VaeCache& cache) {
  VaeCache none;
  return conv1_(encoder_(frames, cache), none);  // [B,2C,t,h,w]
}

at::Tensor VideoVaeImpl::Normalize(const at::Tensor& moments) const {
  const at::Tensor mean = moments.narrow(1, 0, options_.z_dim);  // [B,C,t,h,w]
  const at::Tensor latents = (mean - PerChannel(options_.latents_mean, mean)) *
                             PerChannel(options_.latents_std, mean).reciprocal();
  return latents.to(at::kFloat).contiguous();
}

void VideoVaeImpl::SetNormalization(const std::vector<double>& mean,
                                    const std::vector<double>& std) {
  options_.latents_mean = mean;
  options_.latents_std = std;
}

at::Tensor VideoVaeImpl::Decode(const at::Tensor& latents) {
  RequireShape(latents, {-1, options_.z_dim, -1, -1, -1}, "latents", "[B,C,t,h,w]");
  return Reconstruct(latents * PerChannel(options_.latents_std, latents) +
                     PerChannel(options_.latents_mean, latents))
      .clamp_(-1, 1);
}

at::Tensor VideoVaeImpl::Reconstruct(const at::Tensor& latents) {
  if (decoder_.is_empty()) throw Error("this video VAE was built without a decoder");
  VaeCache cache, none;
  const at::Tensor z = conv2_(latents, none);
  std::vector<at::Tensor> frames;
  for (int64_t i = 0; i < z.size(2); ++i) {
    cache.last = i + 1 == z.size(2);
    frames.push_back(decoder_(z.narrow(2, i, 1), cache));  // [B,3,1 or 4,H,W]
  }
  return at::cat(frames, 2).to(at::kFloat);
}

}  // namespace vega
