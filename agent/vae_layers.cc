// The VAE's layers; the reference is wan/modules/vae.py of Wan2.1.

#include "agent/vae_layers.h"

#include <ATen/ATen.h>

#include <cmath>

#include "agent/attention.h"
#include "agent/modules.h"

namespace vega {
namespace {

// norms read all channels of a pixel: they are 10 to 20 times faster where those lie side by side,
// and convolutions a quarter
constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast3d;

at::Tensor Silu(at::Tensor x) { return at::silu_(x); }

// runs `f`, made for [B,C,H,W], on each frame of x [B,C,T,H,W]
template <typename F>
at::Tensor PerFrame(const at::Tensor& x, F f) {
  const int64_t batch = x.size(0);
  at::Tensor y = f(x.transpose(1, 2).flatten(0, 1));          // [B*T,O,H,W]
  return y.unflatten(0, {batch, x.size(2)}).transpose(1, 2);  // [B,O,T,H,W]
}

}  // namespace

at::Tensor& VaeCache::Next() {
  if (next == slots.size()) slots.emplace_back();
  return slots[next++];
}

KernelImpl::KernelImpl(int64_t in, int64_t out, at::IntArrayRef kernel) {
  std::vector<int64_t> shape = {out, in};
  shape.insert(shape.end(), kernel.begin(), kernel.end());
  weight = register_parameter("weight", Unset(shape));
  bias = register_parameter("bias", Unset({out}));
}

at::Tensor CausalConv3dImpl::forward(const at::Tensor& input, VaeCache& cache) {
  const int64_t history = weight.size(2) - 1, pad = weight.size(3) / 2;
  const at::Tensor x = input.to(weight.scalar_type());
  const auto flat = [&] {  // as if only the kernel's last temporal slice existed
    return PerFrame(x, [&](const at::Tensor& frames) {
      return at::conv2d(frames, weight.select(2, history), bias, 1, pad);
    });
  };
  if (history == 0) return flat();
  at::Tensor& past = cache.Next();
  const bool alone = !past.defined() && x.size(2) == 1;
  if (alone && cache.last) return flat();
  if (!past.defined()) {
    past = at::zeros({x.size(0), x.size(1), history, x.size(3), x.size(4)}, x.options());
  }
  const at::Tensor padded = at::cat({past, x}, 2).contiguous(kChannelsLast);  // [B,C,history+T,H,W]
  if (!cache.last) past = padded.narrow(2, x.size(2), history).clone(kChannelsLast);
  return alone ? flat() : at::conv3d(padded, weight, bias, 1, {0, pad, pad});
}

ChannelNormImpl::ChannelNormImpl(int64_t channels, int64_t ones) {
  std::vector<int64_t> shape(ones + 1, 1);
  shape[0] = channels;
  gamma_ = register_parameter("gamma", Unset(shape, 1));
}

at::Tensor ChannelNormImpl::forward(const at::Tensor& x) {
  const double scale = std::sqrt(static_cast<double>(x.size(1)));
  const at::Tensor norm =  // [B,1,...]
      at::linalg_vector_norm(x, 2, 1, true, at::kFloat).clamp_min(1e-12);
  return x.div(norm).mul_(gamma_ * scale);
}

VaeResBlockImpl::VaeResBlockImpl(int64_t in, int64_t out)
    : norm1_(RegisterAt(*this, "residual.0", ChannelNorm(in, 3))),
      norm2_(RegisterAt(*this, "residual.3", ChannelNorm(out, 3))),
      conv1_(RegisterAt(*this, "residual.2", CausalConv3d(in, out, 3, 3))),
      conv2_(RegisterAt(*this, "residual.6", CausalConv3d(out, out, 3, 3))) {
  if (in != out) shortcut_ = register_module("shortcut", CausalConv3d(in, out, 1, 1));
}

at::Tensor VaeResBlockImpl::forward(const at::Tensor& x, VaeCache& cache) {
  at::Tensor y = conv1_(Silu(norm1_(x)), cache);
  y = conv2_(Silu(norm2_(y)), cache);
  return y.add_(shortcut_.is_empty() ? x : shortcut_(x, cache));
}

VaeAttentionImpl::VaeAttentionImpl(int64_t channels)
    : norm_(register_module("norm", ChannelNorm(channels, 2))),
      qkv_(register_module("to_qkv", Kernel(channels, 3 * channels, at::IntArrayRef({1, 1})))),
      proj_(register_module("proj", Kernel(channels, channels, at::IntArrayRef({1, 1})))) {}

at::Tensor VaeAttentionImpl::forward(const at::Tensor& x) {
  return x + PerFrame(x, [this](const at::Tensor& frames) {
           // pixels as tokens: a 1x1 convolution is a matrix product
           const auto type = qkv_->weight.scalar_type();
           const at::Tensor tokens =
               norm_(frames).to(type).flatten(2).transpose(1, 2);  // [BT,HW,C]
           const auto parts =
               at::linear(tokens, qkv_->weight.flatten(1), qkv_->bias).unsqueeze(1).chunk(3, -1);
           const at::Tensor y = Attend(parts[0].contiguous(), parts[1].contiguous(),
                                       parts[2].contiguous());  // [BT,1,HW,C]
           return at::linear(y.squeeze(1), proj_->weight.flatten(1), proj_->bias)
               .transpose(1, 2)
               .unflatten(2, {frames.size(2), frames.size(3)});
         });
}

VaeResampleImpl::VaeResampleImpl(int64_t channels, Mode mode, bool temporal)
    : mode_(mode),
      conv_(RegisterAt(*this, "resample.1",
                       Kernel(channels, mode == Mode::kDown ? channels : channels / 2,
                              at::IntArrayRef({3, 3})))) {
  if (!temporal) return;
  if (mode == Mode::kDown) {
    time_down_ =
        register_module("time_conv", Kernel(channels, channels, at::IntArrayRef({3, 1, 1})));
  } else {
    time_up_ = register_module("time_conv", CausalConv3d(channels, 2 * channels, 3, 1));
  }
}

at::Tensor VaeResampleImpl::forward(const at::Tensor& x, VaeCache& cache) {
  return mode_ == Mode::kDown ? Down(x, cache) : Up(x, cache);
}

at::Tensor VaeResampleImpl::Down(const at::Tensor& x, VaeCache& cache) {
  at::Tensor y = PerFrame(x, [this](const at::Tensor& frames) {
    return at::conv2d(at::constant_pad_nd(frames, {0, 1, 0, 1}), conv_->weight, conv_->bias, 2);
  });
  if (time_down_.is_empty()) return y;  // [B,C,T,H/2,W/2]
  const auto halve = [this](const at::Tensor& frames) {
    return at::conv3d(frames, time_down_->weight, time_down_->bias, {2, 1, 1});
  };
  // the very first frame passes; each later pair of frames, with the one before, becomes one
  at::Tensor& last = cache.Next();
  const at::Tensor frames = cache.first ? y : at::cat({last, y}, 2);
  last = y.narrow(2, y.size(2) - 1, 1).clone(kChannelsLast);
  if (!cache.first) return halve(frames);
  if (y.size(2) == 1) return y;
  return at::cat({y.narrow(2, 0, 1), halve(frames)}, 2);
}

at::Tensor VaeResampleImpl::Up(const at::Tensor& x, VaeCache& cache) {
  at::Tensor y = x;
  // the first latent passes and leaves no history; each later one becomes two frames
  if (!time_up_.is_empty() && cache.first) {
    cache.Next();
  } else if (!time_up_.is_empty()) {
    y = time_up_(x, cache).unflatten(1, {2, -1});     // [B,2,C,T,H,W]
    y = y.permute({0, 2, 3, 1, 4, 5}).flatten(2, 3);  // [B,C,2T,H,W]
  }
  return PerFrame(y, [this](const at::Tensor& frames) {
    const at::Tensor large =
        at::upsample_nearest2d(frames, {2 * frames.size(2), 2 * frames.size(3)});
    return at::conv2d(large, conv_->weight, conv_->bias, 1, 1);  // [BT,C/2,2H,2W]
  });
}

VaeCoderImpl::VaeCoderImpl(const VideoVaeOptions& o, bool encoder) : encoder_(encoder) {
  const int64_t levels = static_cast<int64_t>(o.dim_mult.size());
  const int64_t dim = encoder || o.decoder_dim == 0 ? o.dim : o.decoder_dim;
  std::vector<int64_t> widths;  // of each level, in the order they are run
  for (int64_t mult : o.dim_mult) widths.push_back(dim * mult);
  if (!encoder) std::reverse(widths.begin(), widths.end());
  std::vector<bool> temporal = o.temporal_down;
  if (!encoder) std::reverse(temporal.begin(), temporal.end());

  int64_t width = encoder ? dim : widths[0];
  conv_in_ = register_module("conv1", CausalConv3d(encoder ? 3 : o.z_dim, width, 3, 3));
  const std::string group = encoder ? "downsamples." : "upsamples.";
  for (int64_t level = 0; level < levels; ++level) {
    for (int64_t i = 0; i < o.num_res_blocks + (encoder ? 0 : 1); ++i) {
      VaeResBlock block(width, widths[level]);
      levels_.push_back({RegisterAt(*this, group + std::to_string(levels_.size()), block)});
      width = widths[level];
    }
    if (level + 1 == levels) break;
    const auto mode = encoder ? VaeResampleImpl::Mode::kDown : VaeResampleImpl::Mode::kUp;
    VaeResample resample(width, mode, temporal[level]);
    RegisterAt(*this, group + std::to_string(levels_.size()), resample);
    levels_.push_back({VaeResBlock(nullptr), resample});
    if (!encoder) width /= 2;
  }
  const int64_t middle = dim * o.dim_mult.back();
  middle0_ = RegisterAt(*this, "middle.0", VaeResBlock(middle, middle));
  middle1_ = RegisterAt(*this, "middle.1", VaeAttention(middle));
  middle2_ = RegisterAt(*this, "middle.2", VaeResBlock(middle, middle));
  norm_out_ = RegisterAt(*this, "head.0", ChannelNorm(width, 3));
  conv_out_ = RegisterAt(*this, "head.2", CausalConv3d(width, encoder ? 2 * o.z_dim : 3, 3, 3));
}

at::Tensor VaeCoderImpl::Levels(at::Tensor x, VaeCache& cache) {
  for (Layer& layer : levels_) {
    x = layer.block.is_empty() ? layer.resample(x, cache) : layer.block(x, cache);
  }
  return x;
}

at::Tensor VaeCoderImpl::Middle(const at::Tensor& x, VaeCache& cache) {
  return middle2_(middle1_(middle0_(x, cache)), cache);
}

at::Tensor VaeCoderImpl::forward(at::Tensor x, VaeCache& cache) {
  cache.BeginPiece();
  x = conv_in_(x.contiguous(kChannelsLast), cache);
  x = encoder_ ? Middle(Levels(x, cache), cache) : Levels(Middle(x, cache), cache);
  x = conv_out_(Silu(norm_out_(x)), cache);
  cache.EndPiece();
  return x;
}

}  // namespace vega
