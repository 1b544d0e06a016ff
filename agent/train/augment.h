// What is done to pictures before a model learns from them. All chance comes from the generator, a
// CPU one: a seed means the same numbers on every device.

#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "agent/train/recipe.h"

namespace vega {

// Uniform in [0,1) and standard normal, of `like`'s device and dtype.
at::Tensor Uniform(at::IntArrayRef shape, at::Generator& generator, const at::Tensor& like);
at::Tensor Normal(at::IntArrayRef shape, at::Generator& generator, const at::Tensor& like);

// pixels [B,3,H,W] in [-1,1]: each picture shifted on its own by up to `shift` pixels, edges
// repeated (Yarats et al., "Image augmentation is all you need", 2021).
at::Tensor RandomShift(const at::Tensor& pixels, int64_t shift, at::Generator& generator);

// The same with brightness, contrast and saturation changed, each picture on its own, clamped.
at::Tensor ColourJitter(const at::Tensor& pixels, const AugmentationOptions& options,
                        at::Generator& generator);

// Both.
at::Tensor Augment(const at::Tensor& pixels, const AugmentationOptions& options,
                   at::Generator& generator);

}  // namespace vega
