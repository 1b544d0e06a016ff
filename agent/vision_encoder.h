// What sees one picture as a grid of semantic tokens.

#pragma once

#include <torch/nn/module.h>

#include <memory>

#include "agent/config.h"

namespace vega {

class VisionEncoder : public torch::nn::Module {
 public:
  // pixels [B,3,H,W] in [-1,1], H = W = image_size -> tokens [B,g*g,D], row by row from the top
  // left, D = hidden_size. Throws Error on another shape.
  virtual at::Tensor forward(const at::Tensor& pixels) = 0;
  const SemanticEncoderOptions& options() const { return options_; }
  int64_t grid() const { return options_.image_size / options_.patch_size; }  // g

 protected:
  explicit VisionEncoder(const SemanticEncoderOptions& options) : options_(options) {}

 private:
  SemanticEncoderOptions options_;
};

// A ConvEncoder where the options have widths, else SigLIP's transformer.
std::shared_ptr<VisionEncoder> MakeVisionEncoder(const SemanticEncoderOptions& options);

}  // namespace vega
