// VAE, noise and DiT in a row, each stage timed.

#include "agent/world_model_tower.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include "agent/latent_stream.h"
#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {
namespace {

at::Device DeviceOf(const torch::nn::Module& module) { return module.parameters()[0].device(); }

// Throws Error unless both sides are multiples of the pixels a token covers.
void CheckSize(const WorldModelOptions& o, int64_t cell_h, int64_t cell_w) {
  if (o.height > 0 && o.width > 0 && o.height % cell_h == 0 && o.width % cell_w == 0) return;
  throw Error(fmt::format("a tower of {}x{} pixels does not divide into tokens", o.width, o.height),
              fmt::format("width a multiple of {}, height of {}", cell_w, cell_h));
}

TokenGrid PooledGrid(const WorldModelOptions& o, int64_t cell_h, int64_t cell_w) {
  if (o.pool == 0) return {o.height / cell_h, o.width / cell_w};
  return {o.pool, o.pool};
}

// frames to pixels [B,3,T,H,W] and latents [B,C,t,h,w]; returns the pixels
at::Tensor Encode(const FeatureRequest& request, const WorldModelOptions& o, VideoVae& vae,
                  StageTimes* times, VideoFeatures& out) {
  const at::Device device = DeviceOf(*vae);
  at::Tensor pixels;
  {
    const StageTimer timer(times, Stage::kPreprocess, device);
    pixels = FramesToPixels(request.frames.to(device), o.height, o.width, o.range);
  }
  const StageTimer timer(times, Stage::kVae, device);
  out.latents =
      request.stream == nullptr ? vae->Encode(pixels) : request.stream->Encode(vae, pixels);
  return pixels;
}

}  // namespace

WorldModelTower::WorldModelTower(VideoVae vae, VideoDit dit, const at::Tensor& prompt,
                                 const WorldModelOptions& options)
    : vae_(std::move(vae)),
      dit_(std::move(dit)),
      options_(options),
      level_(FlowSchedule(options.shift).Nearest(options.timestep)),
      run_dit_([this](const GraphedFunction::Tensors& inputs) { return RunDit(inputs); },
               options.graphs ? DeviceGraphsOf(DeviceOf(*dit_)) : DeviceGraphMaker()) {
  const c10::InferenceMode guard;
  const VideoDitOptions& d = dit_->options();
  const int64_t stride = vae_->spatial_stride(), z = vae_->options().z_dim;
  if (options_.block < 0) options_.block = d.num_layers - 1;
  if (options_.block >= d.num_layers) {
    throw Error(fmt::format("there is no block {}: the model has blocks 0..{}", options_.block,
                            d.num_layers - 1));
  }
  for (const int64_t block : options_.also_blocks) {
    if (block >= 0 && block < options_.block) continue;
    throw Error(fmt::format("block {} cannot be given beside block {}", block, options_.block),
                "the last block that is run is --block; name others from 0 to before it");
  }
  CheckSize(options_, stride * d.patch_size[1], stride * d.patch_size[2]);
  if (z != d.in_dim) {
    throw Error(fmt::format("the VAE's latents have {} channels, the DiT reads {}", z, d.in_dim));
  }
  if (!d.vace_layers.empty() && d.vace_in_dim != 2 * z + stride * stride) {
    throw Error(fmt::format("VACE's input has {} channels, its hint would have {}", d.vace_in_dim,
                            2 * z + stride * stride));
  }
  prompt_ = dit_->Prepare(prompt.unsqueeze(0).to(DeviceOf(*dit_)), options_.block);
  timestep_ = at::full({1}, level_.timestep, at::TensorOptions(DeviceOf(*dit_)).dtype(at::kLong));
}

TokenGrid WorldModelTower::grid() const {
  const auto& patch = dit_->options().patch_size;
  const int64_t stride = vae_->spatial_stride();
  return PooledGrid(options_, stride * patch[1], stride * patch[2]);
}

at::Tensor WorldModelTower::Hint(const at::Tensor& pixels, const at::Tensor& latents) {
  // nothing is masked: the inactive part is a picture of zeros, the reactive one the clip itself
  const at::Tensor inactive =
      vae_->Encode(
              at::zeros({1, 3, pixels.size(2), pixels.size(3), pixels.size(4)}, pixels.options()))
          .expand_as(latents);
  const at::Tensor reference =  // the first frame, a clip of its own
      latents.size(2) == 1 ? latents : vae_->Encode(pixels.narrow(2, 0, 1).contiguous());
  const at::Tensor z =
      at::cat({at::cat({reference, at::zeros_like(reference)}, 1), at::cat({inactive, latents}, 1)},
              2);  // [B,2C,1+t,h,w]
  const int64_t cells = vae_->spatial_stride() * vae_->spatial_stride();
  at::Tensor mask = at::ones({z.size(0), cells, z.size(2), z.size(3), z.size(4)}, z.options());
  mask.select(2, 0).zero_();
  return at::cat({z, mask}, 1);
}

GraphedFunction::Tensors WorldModelTower::RunDit(const GraphedFunction::Tensors& inputs) {
  const auto& also = options_.also_blocks;
  GraphedFunction::Tensors out(1 + also.size());
  const auto keep = [&](int64_t block, const at::Tensor& tokens) {
    for (size_t i = 0; i < also.size(); ++i) {
      if (also[i] == block) out[1 + i] = tokens.clone();
    }
  };
  out[0] = dit_->Features(inputs[0], timestep_, prompt_, options_.block,
                          inputs.size() > 1 ? inputs[1] : at::Tensor(), keep);
  return out;
}

void WorldModelTower::Denoise(const at::Tensor& pixels, VideoFeatures& out) {
  const bool vace = !dit_->options().vace_layers.empty();
  GraphedFunction::Tensors inputs = {out.noisy};
  if (vace) inputs.push_back(Hint(pixels, out.latents));
  const GraphedFunction::Tensors blocks = run_dit_(inputs);  // [B,N,D]
  const auto& patch = dit_->options().patch_size;
  const int64_t t = out.noisy.size(2) / patch[0], h = out.noisy.size(3) / patch[1],
                w = out.noisy.size(4) / patch[2];
  const int64_t count = t * h * w;
  const int64_t skipped = vace && options_.vace_tokens == "padded" ? blocks[0].size(1) - count : 0;
  const auto own = [&](const at::Tensor& x) {  // -> [B,t,h*w,D]
    return x.narrow(1, skipped, count).unflatten(1, {t, h * w});
  };
  out.tokens = own(blocks[0]);
  for (size_t i = 1; i < blocks.size(); ++i) {
    out.also[options_.also_blocks[i - 1]].tokens = own(blocks[i]);
  }
}

VideoFeatures WorldModelTower::Extract(const FeatureRequest& request, StageTimes* times) {
  const c10::InferenceMode guard;
  VideoFeatures out;
  const at::Tensor pixels = Encode(request, options_, vae_, times, out);
  const at::Device device = pixels.device();
  {
    const StageTimer timer(times, Stage::kDit, device);
    const auto shape = out.latents.sizes();
    at::Tensor noise = request.injected;  // [B,C,t,h,w]
    if (noise.defined()) {
      RequireShape(noise, {shape[0], shape[1], shape[2], shape[3], shape[4]}, "noise",
                   "[B,C,t,h,w]");
    } else if (static_cast<int64_t>(request.noise.size()) == shape[0]) {
      noise = DrawNoise(request.noise, shape.slice(1));
    } else {
      throw Error(fmt::format("{} noise keys for {} clips", request.noise.size(), shape[0]));
    }
    out.noisy = AddNoise(out.latents, noise.to(out.latents.options()), level_.sigma);
    Denoise(pixels, out);
  }
  const StageTimer timer(times, Stage::kPool, device);
  const auto& patch = dit_->options().patch_size;
  const auto pooled = [&](const at::Tensor& tokens) {
    return PoolTokens(tokens, out.noisy.size(3) / patch[1], out.noisy.size(4) / patch[2],
                      options_.pool);
  };
  out.pooled = pooled(out.tokens);
  for (auto& [block, features] : out.also) features.pooled = pooled(features.tokens);
  return out;
}

VaeTower::VaeTower(VideoVae vae, const WorldModelOptions& options)
    : vae_(std::move(vae)), options_(options) {
  CheckSize(options_, vae_->spatial_stride(), vae_->spatial_stride());
}

TokenGrid VaeTower::grid() const {
  return PooledGrid(options_, vae_->spatial_stride(), vae_->spatial_stride());
}

VideoFeatures VaeTower::Extract(const FeatureRequest& request, StageTimes* times) {
  const c10::InferenceMode guard;
  VideoFeatures out;
  const at::Tensor pixels = Encode(request, options_, vae_, times, out);
  const StageTimer timer(times, Stage::kPool, pixels.device());
  out.noisy = out.latents;
  out.tokens = out.latents.flatten(3).permute({0, 2, 3, 1}).contiguous();  // [B,t,h*w,C]
  out.pooled = PoolTokens(out.tokens, out.latents.size(3), out.latents.size(4), options_.pool);
  return out;
}

}  // namespace vega
