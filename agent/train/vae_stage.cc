// The video VAE learns to give pictures and clips back.

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "agent/f32_convolutions.h"
#include "agent/preprocess.h"
#include "agent/train/augment.h"
#include "agent/train/stage.h"
#include "sim/base/error.h"

namespace vega {
namespace {

class VaeStage : public TrainStage {
 public:
  explicit VaeStage(const StageContext& c)
      : options_(c.options), samples_(c.samples), config_(c.config), vae_(c.agent->model->vae) {
    if (!c.config.model.vae.decoder) {
      throw Error("the agent's VAE has no decoder to train with", "set model.vae.decoder to true");
    }
    const int64_t stride = vae_->temporal_stride();
    clip_ = 1 + (samples_.contract().clip_length - 1) / stride * stride;
  }

  std::vector<Parameter> parameters() override {
    std::vector<Parameter> all;
    AddParameters("vae", *vae_, 1, all);
    if (options_.vae.decoder_only) {
      std::erase_if(all, [](const Parameter& parameter) {
        return !parameter.name.starts_with("vae.decoder.") &&
               !parameter.name.starts_with("vae.conv2.");
      });
    }
    return all;
  }

  StepLoss Loss(const StepInput& in) override {
    const F32Convolutions f32;
    at::Generator generator = in.generator;
    const bool clips = clip_ > 1 && at::rand({1}, generator, at::TensorOptions()).item<double>() <
                                        options_.vae.clips;
    at::Tensor pixels = Pixels(in.rows, clips ? clip_ : 1, generator);  // [B,3,T,H,W]
    if (in.learning && options_.augmentation.shift > 0) {
      // frames of a clip move together
      const int64_t length = pixels.size(2);
      pixels = RandomShift(pixels.flatten(1, 2), options_.augmentation.shift, generator)
                   .unflatten(1, {3, length});
    }
    const at::Tensor moments = Encode(pixels);  // [B,2C,t,h,w]
    const auto parts = moments.chunk(2, 1);
    const at::Tensor mean = parts[0], log_variance = parts[1].clamp(-30, 20);
    at::Tensor latents = mean;
    if (!options_.vae.decoder_only) {
      latents = mean + (0.5 * log_variance).exp() * Normal(mean.sizes(), generator, mean);
    }
    const at::Tensor again = vae_->Reconstruct(latents);
    const at::Tensor difference = again - pixels;
    const at::Tensor l1 = difference.abs().mean(), mse = difference.square().mean();
    const at::Tensor kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean();
    return {.total = l1 + options_.vae.mse * mse + options_.vae.kl * kl,
            .parts = {{"l1", l1}, {"mse", mse}, {"kl", kl}}};
  }

  std::map<std::string, double> Measure(const std::vector<int64_t>& rows) override {
    const at::Tensor pixels = Pixels(rows, clip_);
    const at::Tensor frames = pixels.narrow(2, 0, 1);
    std::map<std::string, double> out = {{"psnr_frames", Psnr(GiveBack(frames), frames)}};
    if (clip_ > 1) out["psnr_clips"] = Psnr(GiveBack(pixels), pixels);
    return out;
  }

  std::map<std::string, Image> Pictures(const std::vector<int64_t>& rows) override {
    const at::Tensor pixels =
        Pixels({rows.begin(), rows.begin() + std::min<size_t>(rows.size(), 4)},
               clip_);                                                   // [B,3,T,H,W]
    const at::Tensor strips = at::stack({pixels, GiveBack(pixels)}, 1);  // [B,2,3,T,H,W]
    return {{"reconstruction", Sheet(strips.transpose(2, 3).flatten(0, 2), 2 * clip_)}};
  }

  void Finish(CheckpointConfig& config) override {
    if (options_.vae.decoder_only) return;
    // latents are given out with mean 0 and deviation 1 a channel
    const int64_t count = std::min<int64_t>(512, static_cast<int64_t>(samples_.learnt().size()));
    std::vector<at::Tensor> means;
    for (int64_t i = 0; i < count; i += 16) {
      const auto begin = samples_.learnt().begin() + i * samples_.learnt().size() / count;
      const auto size = std::min<int64_t>(16, samples_.learnt().end() - begin);
      means.push_back(vae_->Moments(Pixels({begin, begin + size}, clip_))
                          .chunk(2, 1)[0]
                          .transpose(0, 1)
                          .flatten(1));
    }
    const at::Tensor all = at::cat(means, 1).to(at::kDouble);  // [C,...]
    const auto numbers = [](const at::Tensor& t) {
      const at::Tensor values = t.cpu().contiguous();
      return std::vector<double>(values.const_data_ptr<double>(),
                                 values.const_data_ptr<double>() + values.numel());
    };
    config.model.vae.latents_mean = numbers(all.mean(1));
    config.model.vae.latents_std = numbers(all.std(1).clamp_min(1e-3));
    vae_->SetNormalization(config.model.vae.latents_mean, config.model.vae.latents_std);
  }

 private:
  // [rows*cameras,3,T,H,W] of the clips' ends, or of single frames picked by chance
  at::Tensor Pixels(const std::vector<int64_t>& rows, int64_t length,
                    std::optional<at::Generator> pick = {}) const {
    const at::Tensor frames = samples_.Gather("frames", rows).flatten(0, 1);  // [B,T,H,W,3]
    int64_t first = frames.size(1) - length;
    if (length == 1 && pick && first > 0) {
      first = at::randint(first + 1, {1}, pick, at::TensorOptions(at::kLong)).item<int64_t>();
    }
    return FramesToPixels(frames.narrow(1, first, length), config_.model.height,
                          config_.model.width);
  }

  at::Tensor Encode(const at::Tensor& pixels) {
    const at::AutoGradMode learns(!options_.vae.decoder_only && at::GradMode::is_enabled());
    return vae_->Moments(pixels).to(at::kFloat);
  }

  at::Tensor GiveBack(const at::Tensor& pixels) {
    return vae_->Reconstruct(vae_->Moments(pixels).chunk(2, 1)[0]).clamp(-1, 1);
  }

  const StageOptions& options_;
  const SampleStore& samples_;
  const CheckpointConfig& config_;
  VideoVae vae_;
  int64_t clip_;  // frames of a clip that the VAE can take
};

}  // namespace

std::unique_ptr<TrainStage> OpenVaeStage(const StageContext& context) {
  return std::make_unique<VaeStage>(context);
}

}  // namespace vega
