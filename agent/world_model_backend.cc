// VAE, noise and DiT in a row, each stage timed.

#include "agent/world_model_backend.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "agent/preprocess.h"
#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {

WorldModelBackend::WorldModelBackend(VideoVae vae, VideoDit dit, const at::Tensor& prompt,
                                     const VegaModelOptions& options)
    : vae_(std::move(vae)),
      dit_(std::move(dit)),
      options_(options),
      level_(FlowSchedule(options.shift).Nearest(options.timestep)) {
  const auto& patch = options.dit.patch_size;
  const int64_t stride = vae_->spatial_stride();
  if (options.vae.z_dim != options.dit.in_dim || options.block >= options.dit.num_layers ||
      options.height % (stride * patch[1]) != 0 || options.width % (stride * patch[2]) != 0) {
    throw Error(fmt::format("world model of {}x{} pixels, block {} does not fit its modules",
                            options.width, options.height, options.block),
                fmt::format("vae.z_dim = dit.in_dim, block < {}, height a multiple of {}, width "
                            "of {}",
                            options.dit.num_layers, stride * patch[1], stride * patch[2]));
  }
  const c10::InferenceMode guard;
  prompt_ = dit_->Prepare(prompt.unsqueeze(0));
  timestep_ = at::full({1}, level_.timestep, prompt.options().dtype(at::kLong));
}

VideoFeatures WorldModelBackend::Extract(const FeatureRequest& request, StageTimes* times) {
  VideoFeatures out;
  at::Tensor pixels;  // [B,3,T,H,W]
  {
    const StageTimer timer(times, Stage::kPreprocess);
    pixels = FramesToPixels(request.frames.to(timestep_.device()), options_.height, options_.width);
  }
  {
    const StageTimer timer(times, Stage::kVae);
    out.latents = vae_->Encode(pixels);  // [B,C,t,h,w]
  }
  const StageTimer timer(times, Stage::kDit);
  const auto shape = out.latents.sizes();
  at::Tensor noise = request.injected;  // [B,C,t,h,w]
  if (noise.defined()) {
    RequireShape(noise, {shape[0], shape[1], shape[2], shape[3], shape[4]}, "noise", "[B,C,t,h,w]");
  } else if (static_cast<int64_t>(request.noise.size()) == shape[0]) {
    noise = DrawNoise(request.noise, shape.slice(1));
  } else {
    throw Error(fmt::format("{} noise keys for {} clips", request.noise.size(), shape[0]));
  }
  out.noisy = AddNoise(out.latents, noise.to(out.latents.options()), level_.sigma);
  const at::Tensor all = dit_->Features(out.noisy, timestep_, prompt_, options_.block);
  const auto& patch = options_.dit.patch_size;
  const int64_t h = shape[3] / patch[1], w = shape[4] / patch[2];
  out.tokens = all.narrow(1, all.size(1) - h * w, h * w);    // [B,h*w,D]
  out.pooled = PoolTokens(out.tokens, h, w, options_.grid);  // [B,G*G,D]
  return out;
}

}  // namespace vega
