// The video DiT learns to denoise latents of simulator clips, told what the robot is asked to do.

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "agent/preprocess.h"
#include "agent/train/augment.h"
#include "agent/train/shard_cache.h"
#include "agent/train/stage.h"
#include "agent/train/texts.h"
#include "sim/base/error.h"
#include "sim/base/paths.h"

namespace vega {
namespace {

// Changes of decoded pixels, in [-1,1], that are the decoder's, and that are surely motion, as
// means over squares of an eighth of the picture's side.
constexpr double kStill = 0.1, kMoving = 0.3;

class WorldStage : public TrainStage {
 public:
  explicit WorldStage(const StageContext& c)
      : options_(c.options),
        samples_(c.samples),
        config_(c.config),
        model_(c.agent->model),
        latents_(
            samples_, c.cache, "latents/" + LatentsKey(*model_->vae),
            [this](const auto& rows) { return Encode(rows); }, c.say),
        text_(Data().minilm),
        texts_(text_, samples_.instructions(), samples_.device(), config_.model.dit.text_len),
        empty_(text_, {""}, samples_.device(), config_.model.dit.text_len) {
    if (!config_.model.dit.head) {
      throw Error("the agent's DiT has no velocity head to train with",
                  "set model.dit.head to true");
    }
    const int64_t width = texts_.sentences().size(1);
    if (config_.model.dit.text_dim != width) {
      throw Error(fmt::format("the DiT reads words {} wide, the text encoder's are {}",
                              config_.model.dit.text_dim, width),
                  "set model.dit.text_dim");
    }
    const int64_t blocks = config_.model.dit.num_layers;
    if (options_.world.from_block >= blocks) {
      throw Error(fmt::format("world.from_block is {}, but the DiT has blocks 0..{}",
                              options_.world.from_block, blocks - 1),
                  "choose an earlier one");
    }
    // features are taken with the empty prompt
    model_->prompt_embedding.set_data(empty_.Gather({0}).words[0].clone());
  }

  std::vector<Parameter> parameters() override {
    std::vector<Parameter> all;
    AddParameters("dit", *model_->dit, 1, all);
    if (const int64_t from = options_.world.from_block; from > 0) {
      const size_t prefix = std::string_view("dit.").size();
      std::erase_if(all, [&](const Parameter& parameter) {
        return MakesTokens(parameter.name.substr(prefix), from - 1);
      });
    }
    return all;
  }

  StepLoss Loss(const StepInput& in) override {
    at::Generator generator = in.generator;
    const WorldStageOptions& o = options_.world;
    const auto chance = [&] {
      return at::rand({1}, generator, at::TensorOptions()).item<double>();
    };
    at::Tensor x0 = latents_.Gather(in.rows).flatten(0, 1);  // [B,C,t,h,w]
    if (chance() < o.single_frames) x0 = x0.narrow(2, 0, 1);
    // some clips are to be continued: their first latent is given as it is
    const bool continued = x0.size(2) > 1 && chance() < o.continued;
    const at::Tensor u = Uniform({x0.size(0)}, generator, x0);
    const at::Tensor sigma = o.shift * u / (1 + (o.shift - 1) * u);  // [B]
    const at::Tensor noise = Normal(x0.sizes(), generator, x0);
    at::Tensor velocity =
        Velocity(Mix(x0, noise, sigma, continued), sigma, Context(in.rows, generator, in.learning));
    at::Tensor target = noise - x0;
    if (continued) {
      velocity = velocity.slice(2, 1);
      target = target.slice(2, 1);
    }
    const at::Tensor loss = (velocity - target).square().mean();
    return {.total = loss, .parts = {{"velocity_mse", loss}}};
  }

  std::map<std::string, double> Measure(const std::vector<int64_t>& rows) override {
    const at::Tensor x0 = latents_.Gather(rows).flatten(0, 1);
    if (x0.size(2) < 2 || !config_.model.vae.decoder) return {};
    const at::Tensor clips = Frames(rows);  // [B,3,T,H,W]
    // from before an episode's start there is nothing to foresee: its first frame is repeated
    const at::Tensor moving = (clips - clips.narrow(2, 0, 1)).flatten(1).ne(0).any(1);
    if (!moving.any().item<bool>()) return {};
    const at::Tensor truth = clips.index({moving});
    const at::Tensor later = truth.slice(2, 1);
    const at::Tensor next = Foresee(rows, clips).index({moving}).slice(2, 1);
    const at::Tensor copied = truth.narrow(2, 0, 1).expand_as(later);
    // PSNR is that of a clip: one of its frames may be the first again, and has none
    const auto frames = [](const at::Tensor& of) { return of.transpose(1, 2).flatten(0, 1); };
    return {{"psnr_next", Psnr(next, later)},
            {"psnr_copied", Psnr(copied, later)},
            {"ssim_next", Ssim(frames(next), frames(later))},
            {"ssim_copied", Ssim(frames(copied), frames(later))}};
  }

  std::map<std::string, Image> Pictures(const std::vector<int64_t>& all) override {
    const std::vector<int64_t> rows(all.begin(), all.begin() + std::min<size_t>(all.size(), 4));
    if (latents_.Gather(rows).size(3) < 2 || !config_.model.vae.decoder) return {};
    const at::Tensor truth = Frames(rows);
    const at::Tensor strips = at::stack({truth, Foresee(rows, truth)}, 1);  // [B,2,3,T,H,W]
    return {{"next_frames", Sheet(strips.transpose(2, 3).flatten(0, 2), 2 * truth.size(2))}};
  }

 private:
  at::Tensor Frames(const std::vector<int64_t>& rows) const {  // [B,3,T,H,W]
    const at::Tensor frames = samples_.Gather("frames", rows).flatten(0, 1);
    const int64_t stride = model_->vae->temporal_stride();
    const int64_t length = 1 + (frames.size(1) - 1) / stride * stride;
    return FramesToPixels(frames.narrow(1, frames.size(1) - length, length), config_.model.height,
                          config_.model.width);
  }

  at::Tensor Encode(const std::vector<int64_t>& rows) {  // [rows,cameras,C,t,h,w]
    return model_->vae->Encode(Frames(rows)).unflatten(0, {static_cast<int64_t>(rows.size()), -1});
  }

  static at::Tensor Mix(const at::Tensor& x0, const at::Tensor& noise, const at::Tensor& sigma,
                        bool continued) {
    const at::Tensor s = sigma.view({-1, 1, 1, 1, 1});
    const at::Tensor mixed = (1 - s) * x0 + s * noise;
    return continued ? at::cat({x0.narrow(2, 0, 1), mixed.slice(2, 1)}, 2) : mixed;
  }

  // [B,L,text_dim], padded with zero rows to text_len as the published model does
  at::Tensor Context(const std::vector<int64_t>& rows, at::Generator& generator, bool learning) {
    const int64_t length = config_.model.dit.text_len;
    const auto pad = [&](const at::Tensor& words) {
      return at::constant_pad_nd(words, {0, 0, 0, length - words.size(1)});
    };
    at::Tensor words = pad(texts_.Gather(samples_.Instructions(rows)).words);  // [rows,L,D]
    if (learning) {
      const at::Tensor drop =
          Uniform({words.size(0), 1, 1}, generator, words).lt(options_.world.prompt_dropout);
      words = at::where(drop, pad(empty_.Gather({0}).words), words);
    }
    const int64_t cameras = samples_.contract().cameras.size();
    return words.repeat_interleave(cameras, 0);
  }

  at::Tensor Velocity(const at::Tensor& noisy, const at::Tensor& sigma, const at::Tensor& context) {
    return model_->dit->forward(noisy, sigma * 1000, model_->dit->Prepare(context));
  }

  // truth [B,3,T,H,W], of which the first frame is used -> the same clips as the model foresees
  // them: the first frame, and what changes between the decoded ones. The decoder's error in what
  // stands still so cancels, and what changes by less than that error is left as it is.
  at::Tensor Foresee(const std::vector<int64_t>& rows, const at::Tensor& truth) {
    const at::Tensor decoded = model_->vae->Decode(Continue(rows));
    const at::Tensor change = decoded - decoded.narrow(2, 0, 1);
    return (truth.narrow(2, 0, 1) + Moved(change) * change).clamp(-1, 1);
  }

  // change [B,3,T,H,W] of pixels since the first frame -> [B,1,T,H,W] in [0,1]: whether something
  // moves there, by the mean over channels and neighbours.
  static at::Tensor Moved(const at::Tensor& change) {
    const int64_t reach = change.size(-1) / 16;
    const at::Tensor size =
        at::avg_pool3d(change.abs().mean(1, true), {1, 2 * reach + 1, 2 * reach + 1}, 1,
                       {0, reach, reach}, false, false);
    return ((size - kStill) / (kMoving - kStill)).clamp(0, 1);
  }

  // Latents whose first is given; the later ones are the mean of what is drawn.
  at::Tensor Continue(const std::vector<int64_t>& rows) {
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(rows[0]);
    const at::Tensor x0 = latents_.Gather(rows).flatten(0, 1);
    const at::Tensor context = Context(rows, generator, false);
    const int64_t draws = options_.world.draws;
    at::Tensor sum = at::zeros_like(x0);
    for (int64_t i = 0; i < draws; ++i) {
      sum += Drawn(x0.narrow(2, 0, 1), Normal(x0.sizes(), generator, x0), context);
    }
    return sum / draws;
  }

  // Euler steps from noise `x` on, whose first latent stays the given one
  at::Tensor Drawn(const at::Tensor& first, at::Tensor x, const at::Tensor& context) {
    const int64_t steps = options_.world.sampler_steps;
    const double shift = options_.world.shift;
    const auto level = [&](int64_t i) {
      const double u = 1 - static_cast<double>(i) / static_cast<double>(steps);
      return shift * u / (1 + (shift - 1) * u);
    };
    for (int64_t i = 0; i < steps; ++i) {
      x = at::cat({first, x.slice(2, 1)}, 2);
      const at::Tensor sigma = at::full({x.size(0)}, level(i), x.options());
      x = x + (level(i + 1) - level(i)) * Velocity(x, sigma, context);
    }
    return at::cat({first, x.slice(2, 1)}, 2);
  }

  const StageOptions& options_;
  const SampleStore& samples_;
  const CheckpointConfig& config_;
  VegaModel model_;
  ShardCache latents_;
  TextEncoder text_;
  Texts texts_, empty_;
};

}  // namespace

std::unique_ptr<TrainStage> OpenWorldStage(const StageContext& context) {
  return std::make_unique<WorldStage>(context);
}

}  // namespace vega
