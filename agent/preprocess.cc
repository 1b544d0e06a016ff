// Resizing, cropping and pooling. The same region of a picture always lands on the same token.

#include "agent/preprocess.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {

at::Tensor FramesToPixels(const at::Tensor& frames, int64_t height, int64_t width) {
  RequireShape(frames, {-1, -1, -1, -1, 3}, "frames", "[B,T,H,W,3]");
  if (frames.scalar_type() != at::kByte || frames.numel() == 0) {
    throw Error(fmt::format("frames must be u8 and not empty, but are {} {}",
                            c10::toString(frames.scalar_type()), ShapeText(frames.sizes())));
  }
  const int64_t batch = frames.size(0), in_h = frames.size(2), in_w = frames.size(3);
  // [B*T,3,H,W] in [-1,1]
  at::Tensor x = frames.flatten(0, 1).permute({0, 3, 1, 2}).to(at::kFloat).div_(127.5).sub_(1.0);
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
  if (h == grid && w == grid) return tokens;
  const at::Tensor map = tokens.transpose(1, 2).unflatten(2, {h, w});  // [B,D,h,w]
  return at::adaptive_avg_pool2d(map, {grid, grid}).flatten(2).transpose(1, 2);
}

at::Tensor ResizeTokens(const at::Tensor& tokens, int64_t grid) {
  const int64_t side = std::lround(std::sqrt(static_cast<double>(tokens.size(1))));
  if (side == grid) return tokens;
  const at::Tensor map = tokens.transpose(1, 2).unflatten(2, {side, side});  // [B,D,g,g]
  return at::upsample_bilinear2d(map, {grid, grid}, false).flatten(2).transpose(1, 2);
}

}  // namespace vega
