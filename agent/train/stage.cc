// What stages share.

#include "agent/train/stage.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/nn/module.h>

#include <cmath>

#include "sim/base/error.h"

namespace vega {

std::unique_ptr<TrainStage> OpenStage(const StageContext& context) {
  const std::string& stage = context.options.stage;
  if (stage == "vae") return OpenVaeStage(context);
  if (stage == "world") return OpenWorldStage(context);
  if (stage == "semantic") return OpenSemanticStage(context);
  if (stage == "policy") return OpenPolicyStage(context);
  throw Error(fmt::format("unknown stage '{}'", stage), "stages: vae, world, semantic, policy");
}

void AddParameters(const std::string& prefix, const torch::nn::Module& module, double lr_scale,
                   std::vector<Parameter>& into) {
  for (const auto& entry : module.named_parameters()) {
    into.push_back({prefix + "." + entry.key(), entry.value(), lr_scale});
  }
}

Image Sheet(const at::Tensor& frames, int64_t columns) {
  const int64_t count = frames.size(0), height = frames.size(2), width = frames.size(3);
  const int64_t rows = (count + columns - 1) / columns;
  at::Tensor sheet = at::zeros({rows, columns, 3, height, width});
  sheet.flatten(0, 1).narrow(0, 0, count).copy_(frames);
  const at::Tensor bytes = sheet.add(1)
                               .mul_(127.5)
                               .round_()
                               .clamp_(0, 255)
                               .to(at::kByte)
                               .permute({0, 3, 1, 4, 2})
                               .contiguous();  // [rows,H,columns,W,3]
  const auto* pixels = bytes.const_data_ptr<uint8_t>();
  return {.height = static_cast<int>(rows * height),
          .width = static_cast<int>(columns * width),
          .pixels = {pixels, pixels + bytes.numel()}};
}

double Psnr(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor mse = (a - b).to(at::kDouble).square().flatten(1).mean(1).clamp_min(1e-10);
  return (10 * at::log10(4.0 / mse)).mean().item<double>();  // the range is 2 wide
}

double Ssim(const at::Tensor& a, const at::Tensor& b) {
  constexpr int64_t kWindow = 11;
  constexpr double kSigma = 1.5, kRange = 2, kC1 = 0.01 * 0.01 * kRange * kRange,
                   kC2 = 0.03 * 0.03 * kRange * kRange;
  const at::Tensor x = at::arange(kWindow, at::kDouble) - (kWindow - 1) / 2;
  at::Tensor line = (-x.square() / (2 * kSigma * kSigma)).exp();
  line = line / line.sum();
  const at::Tensor window = at::outer(line, line).view({1, 1, kWindow, kWindow}).to(a.device());
  const auto blur = [&](const at::Tensor& t) { return at::conv2d(t, window); };
  const at::Tensor p = a.to(at::kDouble).mean(1, true), q = b.to(at::kDouble).mean(1, true);
  const at::Tensor mp = blur(p), mq = blur(q);
  const at::Tensor vp = blur(p * p) - mp * mp, vq = blur(q * q) - mq * mq,
                   cov = blur(p * q) - mp * mq;
  return ((2 * mp * mq + kC1) * (2 * cov + kC2) / ((mp * mp + mq * mq + kC1) * (vp + vq + kC2)))
      .mean()
      .item<double>();
}

}  // namespace vega
