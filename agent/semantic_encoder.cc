// SigLIP's forward pass, without its pooling head.

#include "agent/semantic_encoder.h"

#include <ATen/ATen.h>

#include "agent/attention.h"
#include "agent/f32_convolutions.h"
#include "agent/modules.h"
#include "agent/shapes.h"

namespace vega {
namespace {

using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
using torch::nn::Linear;

Linear Square(const SemanticEncoderOptions& o) { return Linear(o.hidden_size, o.hidden_size); }

}  // namespace

SiglipLayerImpl::SiglipLayerImpl(const SemanticEncoderOptions& o)
    : num_heads_(o.num_heads),
      norm1_(register_module("layer_norm1", Norm(o.hidden_size, o.eps))),
      norm2_(register_module("layer_norm2", Norm(o.hidden_size, o.eps))),
      q_(RegisterAt(*this, "self_attn.q_proj", Square(o))),
      k_(RegisterAt(*this, "self_attn.k_proj", Square(o))),
      v_(RegisterAt(*this, "self_attn.v_proj", Square(o))),
      out_(RegisterAt(*this, "self_attn.out_proj", Square(o))),
      fc1_(RegisterAt(*this, "mlp.fc1", Linear(o.hidden_size, o.intermediate_size))),
      fc2_(RegisterAt(*this, "mlp.fc2", Linear(o.intermediate_size, o.hidden_size))) {}

at::Tensor SiglipLayerImpl::forward(const at::Tensor& x) {
  const auto heads = [this](const at::Tensor& t) {
    return SplitHeads(t, num_heads_);  // [B,M,N,d]
  };
  const at::Tensor y = norm1_(x);
  const at::Tensor z = Attend(heads(q_(y)), heads(k_(y)), heads(v_(y)));
  const at::Tensor u = x + out_(JoinHeads(z));  // [B,N,D]
  return u + fc2_(at::gelu(fc1_(norm2_(u)), "tanh"));
}

SemanticEncoderImpl::SemanticEncoderImpl(const SemanticEncoderOptions& o)
    : VisionEncoder(o),
      patch_embedding_(
          RegisterAt(*this, "vision_model.embeddings.patch_embedding",
                     Conv2d(Conv2dOptions(3, o.hidden_size, o.patch_size).stride(o.patch_size)))) {
  torch::nn::Module& positions = GroupAt(*this, "vision_model.embeddings.position_embedding");
  position_embedding_ =
      positions.register_parameter("weight", at::zeros({grid() * grid(), o.hidden_size}));
  for (int64_t i = 0; i < o.num_layers; ++i) {
    layers_.push_back(
        RegisterAt(*this, "vision_model.encoder.layers." + std::to_string(i), SiglipLayer(o)));
  }
  if (o.post_norm) {
    post_norm_ = RegisterAt(*this, "vision_model.post_layernorm", Norm(o.hidden_size, o.eps));
  }
}

at::Tensor SemanticEncoderImpl::forward(const at::Tensor& pixels) {
  const int64_t size = options().image_size;
  RequireShape(pixels, {-1, 3, size, size}, "pixels", "[B,3,H,W]");
  at::Tensor x;  // [B,N,D]
  {
    const F32Convolutions f32;
    x = patch_embedding_(pixels).flatten(2).transpose(1, 2);
  }
  x = x + position_embedding_;
  for (auto& layer : layers_) x = layer(x);
  return post_norm_.is_empty() ? x : post_norm_(x);
}

}  // namespace vega
