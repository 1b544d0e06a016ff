// A convolutional encoder of pictures for what is trained from scratch: it finds small things after
// some thousand samples, where a transformer of the same cost has not begun to. Levels of ConvNeXt
// blocks (Liu et al., 2022, A ConvNet for the 2020s), each level half as wide in tokens as the one
// before; the first sees patches of 4 x 4 pixels.

#pragma once

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <vector>

#include "agent/vision_encoder.h"

namespace vega {

// Depthwise convolution, LayerNorm, Linear to 3 C, exact GELU, Linear; added to what came in.
class ConvBlockImpl : public torch::nn::Module {
 public:
  ConvBlockImpl(int64_t width, int64_t kernel, double eps);
  at::Tensor forward(const at::Tensor& x);  // [B,h,w,C] -> same

 private:
  torch::nn::Conv2d depthwise_;
  torch::nn::LayerNorm norm_;
  torch::nn::Linear fc1_, fc2_;
};
TORCH_MODULE(ConvBlock);

class ConvEncoderImpl : public VisionEncoder {
 public:
  static constexpr int64_t kFirstPatch = 4;  // pixels

  // Throws Error when image_size, patch_size and hidden_size do not follow from the levels.
  explicit ConvEncoderImpl(const SemanticEncoderOptions& options);
  at::Tensor forward(const at::Tensor& pixels) override;

 private:
  struct Level {
    int64_t patch = 0;  // side of what becomes one token, in tokens of the level before
    torch::nn::LayerNorm norm{nullptr};  // of a level after the first
    torch::nn::Linear merge{nullptr};
    std::vector<ConvBlock> blocks;
  };
  std::vector<Level> levels_;
  torch::nn::LayerNorm norm_{nullptr};
  at::Tensor position_embedding_;  // [g*g,D]
};
TORCH_MODULE(ConvEncoder);

}  // namespace vega
