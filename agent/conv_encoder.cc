#include "agent/conv_encoder.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "agent/f32_convolutions.h"
#include "agent/modules.h"
#include "agent/semantic_encoder.h"
#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {
namespace {

using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
using torch::nn::Linear;

constexpr int64_t kExpansion = 3;

// [B,h,w,C] -> [B,h/p,w/p,p*p*C]
at::Tensor Patches(const at::Tensor& x, int64_t patch) {
  return x.unflatten(2, {-1, patch})
      .unflatten(1, {-1, patch})  // [B,h/p,p,w/p,p,C]
      .transpose(2, 3)
      .flatten(3);
}

void Check(const SemanticEncoderOptions& o) {
  const auto fail = [](const std::string& what, const std::string& remedy) {
    throw Error(what, remedy);
  };
  if (o.widths.empty() || o.depths.size() != o.widths.size()) {
    fail(fmt::format("a convolutional encoder of {} widths has {} depths", o.widths.size(),
                     o.depths.size()),
         "give model.semantic.depths a number for each of model.semantic.widths");
  }
  const int64_t patch = ConvEncoderImpl::kFirstPatch << (o.widths.size() - 1);
  if (o.patch_size != patch || o.image_size % patch != 0) {
    fail(fmt::format("a convolutional encoder of {} levels has tokens of {} x {} pixels, "
                     "patch_size is {} and image_size {}",
                     o.widths.size(), patch, patch, o.patch_size, o.image_size),
         fmt::format("set model.semantic.patch_size to {} and image_size to a multiple of it",
                     patch));
  }
  if (o.hidden_size != o.widths.back()) {
    fail(fmt::format("hidden_size of a convolutional encoder is {}, its last width {}",
                     o.hidden_size, o.widths.back()),
         "set model.semantic.hidden_size to the last of model.semantic.widths");
  }
  if (o.kernel < 1 || o.kernel % 2 == 0) {
    fail(fmt::format("kernel of a convolutional encoder is {}", o.kernel),
         "set model.semantic.kernel to an odd number");
  }
}

}  // namespace

ConvBlockImpl::ConvBlockImpl(int64_t width, int64_t kernel, double eps)
    : depthwise_(register_module(
          "depthwise",
          Conv2d(Conv2dOptions(width, width, kernel).padding(kernel / 2).groups(width)))),
      norm_(register_module("norm", Norm(width, eps))),
      fc1_(register_module("fc1", Linear(width, kExpansion * width))),
      fc2_(register_module("fc2", Linear(kExpansion * width, width))) {}

at::Tensor ConvBlockImpl::forward(const at::Tensor& x) {
  at::Tensor y;  // [B,h,w,C]
  {
    const F32Convolutions f32;
    const at::Tensor in = x.to(depthwise_->weight.scalar_type());
    y = depthwise_(in.permute({0, 3, 1, 2})).permute({0, 2, 3, 1});
  }
  return x + fc2_(at::gelu(fc1_(norm_(y))));
}

ConvEncoderImpl::ConvEncoderImpl(const SemanticEncoderOptions& o) : VisionEncoder(o) {
  Check(o);
  int64_t width = 3;
  for (size_t i = 0; i < o.widths.size(); ++i) {
    const std::string name = fmt::format("levels.{}.", i);
    Level level;
    level.patch = i == 0 ? kFirstPatch : 2;
    if (i > 0) level.norm = RegisterAt(*this, name + "norm", Norm(width, o.eps));
    level.merge =
        RegisterAt(*this, name + "merge", Linear(level.patch * level.patch * width, o.widths[i]));
    width = o.widths[i];
    for (int64_t j = 0; j < o.depths[i]; ++j) {
      level.blocks.push_back(RegisterAt(*this, fmt::format("{}blocks.{}", name, j),
                                        ConvBlock(width, o.kernel, o.eps)));
    }
    levels_.push_back(std::move(level));
  }
  norm_ = register_module("norm", Norm(width, o.eps));
  position_embedding_ =
      register_parameter("position_embedding", at::zeros({grid() * grid(), width}));
}

at::Tensor ConvEncoderImpl::forward(const at::Tensor& pixels) {
  const int64_t size = options().image_size;
  RequireShape(pixels, {-1, 3, size, size}, "pixels", "[B,3,H,W]");
  at::Tensor x = pixels.permute({0, 2, 3, 1});  // [B,h,w,C]
  for (Level& level : levels_) {
    if (!level.norm.is_empty()) x = level.norm(x);
    x = level.merge(Patches(x, level.patch));
    for (ConvBlock& block : level.blocks) x = block(x);
  }
  return norm_(x.flatten(1, 2)) + position_embedding_;
}

std::shared_ptr<VisionEncoder> MakeVisionEncoder(const SemanticEncoderOptions& options) {
  if (options.widths.empty() && options.depths.empty()) return SemanticEncoder(options).ptr();
  return ConvEncoder(options).ptr();
}

}  // namespace vega
