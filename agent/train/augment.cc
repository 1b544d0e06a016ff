// Shifts and colours.

#include "agent/train/augment.h"

#include <ATen/ATen.h>

namespace vega {
namespace {

// [B,1,1,1], uniform in [-range, range]
at::Tensor Draw(const at::Tensor& like, double range, at::Generator& generator) {
  return (Uniform({like.size(0), 1, 1, 1}, generator, like) * 2 - 1) * range;
}

}  // namespace

at::Tensor Uniform(at::IntArrayRef shape, at::Generator& generator, const at::Tensor& like) {
  return at::rand(shape, generator, at::TensorOptions(like.scalar_type())).to(like.device());
}

at::Tensor Normal(at::IntArrayRef shape, at::Generator& generator, const at::Tensor& like) {
  return at::randn(shape, generator, at::TensorOptions(like.scalar_type())).to(like.device());
}

at::Tensor RandomShift(const at::Tensor& pixels, int64_t shift, at::Generator& generator) {
  if (shift == 0) return pixels;
  const int64_t height = pixels.size(2), width = pixels.size(3);
  const at::Tensor padded = at::replication_pad2d(pixels, {shift, shift, shift, shift});
  const at::Tensor offsets =
      at::randint(2 * shift + 1, {pixels.size(0), 2}, generator, at::TensorOptions(at::kLong));
  if (!pixels.is_cpu()) {  // two launches, not one a picture
    const at::Tensor first = offsets.to(pixels.device());
    const auto from = [&](int64_t axis, int64_t length, at::IntArrayRef shape) {
      const at::Tensor steps = at::arange(length, first.options());
      return (first.select(1, axis).unsqueeze(1) + steps).view(shape);  // [B,length]
    };
    const int64_t batch = pixels.size(0), channels = pixels.size(1);
    return padded
        .gather(2, from(0, height, {batch, 1, height, 1})
                       .expand({-1, channels, -1, padded.size(3)}))
        .gather(3, from(1, width, {batch, 1, 1, width}).expand({-1, channels, height, -1}));
  }
  const auto* offset = offsets.const_data_ptr<int64_t>();
  at::Tensor out = at::empty_like(pixels);
  for (int64_t i = 0; i < pixels.size(0); ++i) {
    out.select(0, i).copy_(
        padded.select(0, i).narrow(1, offset[2 * i], height).narrow(2, offset[2 * i + 1], width));
  }
  return out;
}

at::Tensor ColourJitter(const at::Tensor& pixels, const AugmentationOptions& o,
                        at::Generator& generator) {
  if (o.brightness == 0 && o.contrast == 0 && o.saturation == 0) return pixels;
  at::Tensor x = pixels;
  const at::Tensor mean = x.mean({1, 2, 3}, true);  // [B,1,1,1]
  x = mean + (x - mean) * (1 + Draw(x, o.contrast, generator)) + Draw(x, o.brightness, generator);
  const at::Tensor grey = x.mean(1, true);  // [B,1,H,W]
  return (grey + (x - grey) * (1 + Draw(x, o.saturation, generator))).clamp_(-1, 1);
}

at::Tensor Augment(const at::Tensor& pixels, const AugmentationOptions& options,
                   at::Generator& generator) {
  return ColourJitter(RandomShift(pixels, options.shift, generator), options, generator);
}

}  // namespace vega
