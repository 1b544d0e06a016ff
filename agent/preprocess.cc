// Resizing, cropping and pooling. The same region of a picture always lands on the same token.

#include "agent/preprocess.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {

namespace {

// frames of any range to [0,1], as VEGA-3D guesses it (wan towers of its main branch)
at::Tensor GuessUnit(at::Tensor x) {
  const auto within = [](const at::Tensor& t, double lo, double hi) {
    return t.min().item<double>() >= lo && t.max().item<double>() <= hi;
  };
  if (within(x, 0, 1)) return x;
  if (within(x, -1.05, 1.05)) return (x + 1) / 2;
  if (within(x, -4.5, 4.5)) {  // normalised for CLIP?
    const at::Tensor mean = at::tensor({0.48145466, 0.4578275, 0.40821073}).view({1, 3, 1, 1});
    const at::Tensor std = at::tensor({0.26862954, 0.26130258, 0.27577711}).view({1, 3, 1, 1});
    const at::Tensor y = x * std.to(x.options()) + mean.to(x.options());
    const at::Tensor good = y.ge(0).logical_and_(y.le(1)).to(at::kFloat).mean();
    if (good.item<double>() > 0.95) return y.clamp(0, 1);
  }
  x = x.clamp(-3, 3);
  const at::Tensor low = x.amin({1, 2, 3}, true), high = x.amax({1, 2, 3}, true);
  return (x - low) / (high - low + 1e-6);
}

// [N,3,H,W] of one range -> [-1,1]
at::Tensor ToSigned(const at::Tensor& x, PixelRange range) {
  switch (range) {
    case PixelRange::kBytes:
      return x.to(at::kFloat).div_(127.5).sub_(1.0);
    case PixelRange::kUnit:
      return x * 2 - 1;
    case PixelRange::kSigned:
      return x;
    case PixelRange::kPublished:
      const bool bytes = x.scalar_type() == at::kByte;
      return GuessUnit(bytes ? ToSigned(x, PixelRange::kBytes) : x) * 2 - 1;
  }
  return x;
}

}  // namespace

PixelRange ParsePixelRange(const std::string& name) {
  if (name == "bytes") return PixelRange::kBytes;
  if (name == "unit") return PixelRange::kUnit;
  if (name == "signed") return PixelRange::kSigned;
  if (name == "published-guess") return PixelRange::kPublished;
  throw Error(fmt::format("unknown pixel range '{}'", name),
              "ranges: bytes, unit, signed, published-guess");
}

at::Tensor FramesToPixels(const at::Tensor& frames, int64_t height, int64_t width,
                          PixelRange range) {
  RequireShape(frames, {-1, -1, -1, -1, 3}, "frames", "[B,T,H,W,3]");
  const bool bytes = frames.scalar_type() == at::kByte, floats = frames.is_floating_point();
  const bool fits = range == PixelRange::kBytes       ? bytes
                    : range == PixelRange::kPublished ? bytes || floats
                                                      : floats;
  if (!fits || frames.numel() == 0) {
    throw Error(fmt::format("frames must be {} and not empty, but are {} {}",
                            range == PixelRange::kBytes ? "u8" : "f32",
                            c10::toString(frames.scalar_type()), ShapeText(frames.sizes())));
  }
  const int64_t batch = frames.size(0), in_h = frames.size(2), in_w = frames.size(3);
  // [B*T,3,H,W] in [-1,1]
  at::Tensor x = ToSigned(frames.flatten(0, 1).permute({0, 3, 1, 2}), range).to(at::kFloat);
  if (in_h != height || in_w != width) {
    const double scale = std::max(static_cast<double>(height) / static_cast<double>(in_h),
                                  static_cast<double>(width) / static_cast<double>(in_w));
    const int64_t new_h = std::max<int64_t>(height, std::lround(in_h * scale));
    const int64_t new_w = std::max<int64_t>(width, std::lround(in_w * scale));
    x = at::upsample_bilinear2d(x.contiguous(), {new_h, new_w}, false);
    x = x.narrow(2, (new_h - height) / 2, height).narrow(3, (new_w - width) / 2, width);
  }
  return x.unflatten(0, {batch, -1}).transpose(1, 2).contiguous();  // [B,3,T,height,width]
}

at::Tensor ResizeRegion(const at::Tensor& pixels, int64_t size) {
  if (pixels.size(2) == size && pixels.size(3) == size) return pixels;
  return at::upsample_bilinear2d(pixels, {size, size}, false);
}

at::Tensor PoolTokens(const at::Tensor& tokens, int64_t h, int64_t w, int64_t grid) {
  if (grid == 0 || (h == grid && w == grid)) return tokens;
  const at::Tensor map = tokens.flatten(0, 1).transpose(1, 2).unflatten(2, {h, w});  // [B*t,D,h,w]
  return at::adaptive_avg_pool2d(map, {grid, grid})
      .flatten(2)
      .transpose(1, 2)
      .unflatten(0, {tokens.size(0), tokens.size(1)});
}

at::Tensor ResizeTokens(const at::Tensor& tokens, int64_t grid) {
  const int64_t side = std::lround(std::sqrt(static_cast<double>(tokens.size(1))));
  if (side == grid) return tokens;
  const at::Tensor map = tokens.transpose(1, 2).unflatten(2, {side, side});  // [B,D,g,g]
  return at::upsample_bilinear2d(map, {grid, grid}, false).flatten(2).transpose(1, 2);
}

}  // namespace vega
