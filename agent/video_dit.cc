// The DiT's forward pass; the references are wan/modules/model.py and vace_model.py of Wan2.1.

#include "agent/video_dit.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {
namespace {

at::Tensor PadTokens(const at::Tensor& x, int64_t count) {
  return x.size(1) == count ? x : at::constant_pad_nd(x, {0, 0, 0, count - x.size(1)});
}

}  // namespace

void VideoDitImpl::Check() const {
  const VideoDitOptions& o = options_;
  if (o.num_heads < 1 || o.dim % (2 * o.num_heads) != 0 || o.patch_size.size() != 3 ||
      o.freq_dim % 2 != 0 || o.num_layers < 1 ||
      *std::min_element(o.patch_size.begin(), o.patch_size.end()) < 1) {
    throw Error("dit options do not fit together",
                "dim / num_heads and freq_dim are even, num_layers is at least 1, patch_size has "
                "three entries");
  }
  if (o.rope != "wan" && o.rope != "diffusers") {
    throw Error(fmt::format("unknown rope '{}'", o.rope), "wan, diffusers");
  }
  if (o.vace_layers.empty()) return;
  const auto last = *std::max_element(o.vace_layers.begin(), o.vace_layers.end());
  if (o.vace_layers[0] != 0 || last >= o.num_layers ||
      !std::is_sorted(o.vace_layers.begin(), o.vace_layers.end())) {
    throw Error("vace_layers do not fit the blocks", "they rise from 0 and name existing blocks");
  }
}

VideoDitImpl::VideoDitImpl(const VideoDitOptions& o)
    : options_(o),
      text0_(RegisterAt(*this, "text_embedding.0", Dense(o.text_dim, o.dim))),
      text2_(RegisterAt(*this, "text_embedding.2", Dense(o.dim, o.dim))),
      time0_(RegisterAt(*this, "time_embedding.0", Dense(o.freq_dim, o.dim))),
      time2_(RegisterAt(*this, "time_embedding.2", Dense(o.dim, o.dim))),
      time_projection_(RegisterAt(*this, "time_projection.1", Dense(o.dim, 6 * o.dim))) {
  Check();
  const int64_t pt = o.patch_size[0], ph = o.patch_size[1], pw = o.patch_size[2];
  torch::nn::Module& patch = GroupAt(*this, "patch_embedding");
  patch_weight_ = patch.register_parameter("weight", Unset({o.dim, o.in_dim, pt, ph, pw}));
  patch_bias_ = patch.register_parameter("bias", Unset({o.dim}));
  for (int64_t i = 0; i < o.num_layers; ++i) {
    blocks_.push_back(RegisterAt(*this, "blocks." + std::to_string(i), DitBlock(o)));
  }
  if (!o.vace_layers.empty()) {
    torch::nn::Module& hint = GroupAt(*this, "vace_patch_embedding");
    hint_weight_ = hint.register_parameter("weight", Unset({o.dim, o.vace_in_dim, pt, ph, pw}));
    hint_bias_ = hint.register_parameter("bias", Unset({o.dim}));
  }
  for (size_t i = 0; i < o.vace_layers.size(); ++i) {
    vace_blocks_.push_back(
        RegisterAt(*this, "vace_blocks." + std::to_string(i), VaceBlock(o, i == 0)));
  }
  if (!o.head) return;
  head_ = RegisterAt(*this, "head.head", Dense(o.dim, o.out_dim * pt * ph * pw));
  head_modulation_ = GroupAt(*this, "head").register_parameter("modulation", Unset({1, 2, o.dim}));
}

void VideoDitImpl::SetComputeType(at::ScalarType dtype) {
  for (auto& entry : named_parameters()) {
    const std::string& key = entry.key();
    const bool matrix = key.ends_with(".weight") || key.ends_with(".bias");
    if (!matrix || key.starts_with("time_") || key.starts_with("head.") ||
        key.find("norm") != std::string::npos) {
      continue;
    }
    entry.value().set_data(entry.value().to(dtype));
  }
}

PromptContext VideoDitImpl::Prepare(const at::Tensor& context, int64_t last) {
  RequireShape(context, {-1, -1, options_.text_dim}, "prompt embedding", "[B,L,text_dim]");
  const int64_t words = context.size(1), padding = options_.text_len - words;
  if (padding < 0) {
    throw Error(
        fmt::format("a prompt of {} rows is longer than text_len = {}", words, options_.text_len));
  }
  PromptContext prompt;
  at::Tensor padded = context;  // [B,L,text_dim], with one row for all padding
  if (padding > 0) {
    padded = at::constant_pad_nd(context, {0, 0, 0, 1});
    prompt.logit_bias = at::zeros({words + 1}, context.options().dtype(at::kFloat));
    prompt.logit_bias[words] = std::log(static_cast<double>(padding));
  }
  const at::Tensor x = text2_(at::gelu(text0_(padded), "tanh"));  // [B,L,D]
  const int64_t count = last < 0 ? options_.num_layers : last + 1;
  prompt.blocks.resize(blocks_.size() + vace_blocks_.size());
  for (int64_t i = 0; i < count; ++i) {
    prompt.blocks[i] = blocks_[i]->cross_attention()->Prepare(x);
  }
  for (size_t i = 0; i < vace_blocks_.size() && options_.vace_layers[i] < count; ++i) {
    prompt.blocks[blocks_.size() + i] = vace_blocks_[i]->cross_attention()->Prepare(x);
  }
  return prompt;
}

at::Tensor VideoDitImpl::TimeEmbedding(const at::Tensor& timestep) {
  const int64_t half = options_.freq_dim / 2;
  const auto like = timestep.options().dtype(options_.f64_time ? at::kDouble : at::kFloat);
  const at::Tensor exponent = at::arange(half, like) * -std::log(10000.0) / half;
  const at::Tensor angle = at::outer(timestep.to(like), exponent.exp());    // [B,half]
  return time2_(at::silu(time0_(at::cat({angle.cos(), angle.sin()}, 1))));  // [B,D]
}

// Column j of a head turns with a frequency and along an axis. Frequencies come in groups of
// d - 4 (d / 6), 2 (d / 6), 2 (d / 6) columns, one an axis. Wan gives the axes the same groups;
// diffusers gives them groups of d - 2 (d / 3), d / 3, d / 3, which differ where d mod 6 = 4.
at::Tensor VideoDitImpl::Rope(at::IntArrayRef grid, int64_t count) const {
  const int64_t d = options_.dim / options_.num_heads;
  const int64_t table = 2 * (d / 6), cut = options_.rope == "wan" ? table : d / 3;
  const auto like = patch_weight_.options().dtype(at::kDouble);  // a device's graph copies nothing
  std::vector<at::Tensor> frequencies;                           // of the columns: [d]
  for (const int64_t width : {d - 2 * table, table, table}) {
    const at::Tensor j = at::arange(0, width, 2, like) / static_cast<double>(width);
    frequencies.push_back(at::pow(10000.0, j).reciprocal().repeat_interleave(2));
  }
  const auto parts = at::cat(frequencies).split_with_sizes({d - 2 * cut, cut, cut});
  std::vector<at::Tensor> angles;  // an axis: [t,h,w,columns]
  for (int axis = 0; axis < 3; ++axis) {
    if (grid[axis] > options_.max_positions) {
      throw Error(fmt::format("{} patches along one axis: the limit is {}", grid[axis],
                              options_.max_positions));
    }
    const at::Tensor angle = at::outer(at::arange(grid[axis], like), parts[axis]);
    std::vector<int64_t> view = {1, 1, 1, angle.size(1)};
    view[axis] = grid[axis];
    angles.push_back(angle.view(view).expand({grid[0], grid[1], grid[2], angle.size(1)}));
  }
  const at::Tensor angle = at::cat(angles, 3).flatten(0, 2).unflatten(1, {-1, 2});  // [N,d/2,2]
  at::Tensor turns =
      at::complex(angle.select(2, 0).cos().to(at::kFloat), angle.select(2, 1).sin().to(at::kFloat));
  if (count > turns.size(0)) {  // padding does not turn
    turns = at::cat({turns, at::ones({count - turns.size(0), d / 2}, turns.options())});
  }
  return turns;
}

at::Tensor VideoDitImpl::Patchify(const at::Tensor& latents, const at::Tensor& weight,
                                  const at::Tensor& bias) const {
  const auto& p = options_.patch_size;
  const at::Tensor patches = latents.unflatten(4, {-1, p[2]})
                                 .unflatten(3, {-1, p[1]})
                                 .unflatten(2, {-1, p[0]})           // [B,C,t,pt,h,ph,w,pw]
                                 .permute({0, 2, 4, 6, 1, 3, 5, 7})  // [B,t,h,w,C,pt,ph,pw]
                                 .flatten(4)
                                 .flatten(1, 3);  // [B,N,C*pt*ph*pw]
  return at::linear(patches.to(weight.scalar_type()), weight.flatten(1), bias);
}

at::Tensor VideoDitImpl::Unpatchify(const at::Tensor& x, at::IntArrayRef grid) const {
  const auto& p = options_.patch_size;
  return x
      .unflatten(2, {p[0], p[1], p[2], options_.out_dim})  // [B,N,pt,ph,pw,C]
      .unflatten(1, {grid[0], grid[1], grid[2]})           // [B,t,h,w,pt,ph,pw,C]
      .permute({0, 7, 1, 4, 2, 5, 3, 6})                   // [B,C,t,pt,h,ph,w,pw]
      .flatten(6, 7)
      .flatten(4, 5)
      .flatten(2, 3);
}

std::vector<int64_t> VideoDitImpl::Grid(const at::Tensor& latents) const {
  std::vector<int64_t> grid;
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t size = latents.size(2 + axis), patch = options_.patch_size[axis];
    if (size % patch != 0) {
      throw Error(fmt::format("latents {} do not divide into patches of {}x{}x{}",
                              ShapeText(latents.sizes()), options_.patch_size[0],
                              options_.patch_size[1], options_.patch_size[2]));
    }
    grid.push_back(size / patch);
  }
  return grid;
}

at::Tensor VideoDitImpl::Features(const at::Tensor& latents, const at::Tensor& timestep,
                                  const PromptContext& prompt, int64_t block,
                                  const at::Tensor& hint, const BlockObserver& after_block) {
  RequireShape(latents, {-1, options_.in_dim, -1, -1, -1}, "latents", "[B,C,t,h,w]");
  if (block < 0 || block >= options_.num_layers) {
    throw Error(fmt::format("there is no block {}: the model has blocks 0..{}", block,
                            options_.num_layers - 1));
  }
  const auto grid = Grid(latents);
  at::Tensor x = Patchify(latents, patch_weight_, patch_bias_);  // [B,N,D]
  const int64_t count = x.size(1);
  at::Tensor c;  // VACE's stream [B,N,D]
  if (!vace_blocks_.empty()) {
    RequireShape(hint,
                 {latents.size(0), options_.vace_in_dim, -1, latents.size(3), latents.size(4)},
                 "hint", "[B,vace_in_dim,t,h,w]");
    Grid(hint);
    c = Patchify(hint, hint_weight_, hint_bias_);
    const int64_t longer = std::max(count, c.size(1));
    x = PadTokens(x, longer), c = PadTokens(c, longer);
    c = vace_blocks_[0]->Begin(c, x);
  }
  const at::Tensor e = TimeEmbedding(timestep);  // [B or 1,D]
  const BlockInput input = {time_projection_(at::silu(e)).unflatten(1, {6, -1}),
                            Rope(grid, x.size(1)), x.size(1) > count ? count : -1, &prompt};
  size_t hints = 0;
  for (int64_t i = 0; i <= block; ++i) {
    x = blocks_[i](x, input, i);
    if (hints < vace_blocks_.size() && options_.vace_layers[hints] == i) {
      c = vace_blocks_[hints](c, input, blocks_.size() + hints);
      x = x + vace_blocks_[hints++]->Hint(c);
    }
    if (after_block) after_block(i, x);
  }
  return x;
}

at::Tensor VideoDitImpl::forward(const at::Tensor& latents, const at::Tensor& timestep,
                                 const PromptContext& prompt, const at::Tensor& hint) {
  if (head_.is_empty()) throw Error("this video DiT was built without its head");
  at::Tensor x = Features(latents, timestep, prompt, options_.num_layers - 1, hint);
  const auto grid = Grid(latents);
  x = x.narrow(1, 0, grid[0] * grid[1] * grid[2]);
  const auto m = (head_modulation_ + TimeEmbedding(timestep).unsqueeze(1)).unbind(1);
  return Unpatchify(head_(Modulate(x, m[0], m[1], options_.eps)), grid);
}

}  // namespace vega
