// Which new frames are encoded, and with what history.

#include "agent/latent_stream.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <utility>

#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {

LatentStream::LatentStream(VideoVae vae, const LatentStreamOptions& options)
    : vae_(std::move(vae)), options_(options) {
  if (!(options.tolerance >= 0) || options.max_stale < 0) {
    throw Error(fmt::format("no latent stream of tolerance {} and {} stale pieces",
                            options.tolerance, options.max_stale),
                "both are 0 or more");
  }
}

double LatentStream::Difference(const at::Tensor& pixels) const {
  const int64_t tile = vae_->spatial_stride();
  const at::Tensor difference = (pixels - frame_).abs().mean(1);  // [B,n,H,W]
  return at::avg_pool2d(difference, {tile, tile}).max().item<double>();
}

at::Tensor LatentStream::Push(const at::Tensor& pixels) {
  const c10::InferenceMode guard;
  RequireShape(pixels, {-1, 3, -1, -1, -1}, "pixels", "[B,3,n,H,W]");
  const int64_t count = pixels.size(2), stride = vae_->temporal_stride();
  if (!frame_.defined()) {
    if (count != 1) throw Error(fmt::format("a stream begins with 1 frame, not {}", count));
  } else if (count < 1 || count % stride != 0 ||
             pixels.select(2, 0).sizes() != frame_.select(2, 0).sizes()) {
    throw Error(fmt::format("a stream of frames {} cannot go on with {}", ShapeText(frame_.sizes()),
                            ShapeText(pixels.sizes())),
                fmt::format("frames of one size, a multiple of {} at a time", stride));
  }
  ++report_.pieces;
  if (frame_.defined()) {
    report_.difference = Difference(pixels);
    if (options_.tolerance > 0 && report_.difference <= options_.tolerance &&
        report_.stale < options_.max_stale) {
      ++report_.stale;
      return latent_.expand({-1, -1, count / stride, -1, -1}).clone();
    }
  }
  // in pieces of one latent, as a whole clip is encoded
  std::vector<at::Tensor> latents;
  for (int64_t begin = 0; begin < count; begin += stride) {
    const int64_t piece = std::min(stride, count - begin);
    latents.push_back(vae_->EncodePiece(pixels.narrow(2, begin, piece), cache_));
  }
  const at::Tensor all = at::cat(latents, 2);  // [B,C,n',h,w]
  frame_ = pixels.narrow(2, count - 1, 1).clone();
  latent_ = all.narrow(2, all.size(2) - 1, 1).clone();
  ++report_.encoded;
  report_.stale = 0;
  return all;
}

}  // namespace vega
