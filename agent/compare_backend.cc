// Relative errors and cosines of two towers' features.

#include "agent/compare_backend.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {

CompareBackend::CompareBackend(std::shared_ptr<FeatureBackend> reference,
                               std::shared_ptr<FeatureBackend> candidate)
    : reference_(std::move(reference)), candidate_(std::move(candidate)) {
  if (reference_->width() != candidate_->width() || !(reference_->grid() == candidate_->grid())) {
    const TokenGrid a = reference_->grid(), b = candidate_->grid();
    throw Error(fmt::format(
        "towers that cannot be compared: {}x{} tokens of width {} against "
        "{}x{} of {}",
        a.height, a.width, reference_->width(), b.height, b.width, candidate_->width()));
  }
}

VideoFeatures CompareBackend::Extract(const FeatureRequest& request, StageTimes* times) {
  VideoFeatures reference = reference_->Extract(request, times);
  FeatureRequest alone = request;
  alone.stream = nullptr;  // it holds the reference's latents
  const VideoFeatures candidate = candidate_->Extract(alone, nullptr);
  Add("latents", reference.latents, candidate.latents);
  Add("noisy", reference.noisy, candidate.noisy);
  Add("tokens", reference.tokens, candidate.tokens);
  Add("pooled", reference.pooled, candidate.pooled);
  return reference;
}

void CompareBackend::Add(const std::string& name, const at::Tensor& reference,
                         const at::Tensor& candidate) {
  if (!reference.defined() || !candidate.defined()) return;
  if (reference.sizes() != candidate.sizes()) {
    throw Error(fmt::format("{} cannot be compared: {} against {}", name,
                            ShapeText(reference.sizes()), ShapeText(candidate.sizes())));
  }
  const at::Tensor b = reference.to(at::kCPU, at::kDouble);
  const at::Tensor a = candidate.to(at::kCPU, at::kDouble);
  const double scale = b.abs().max().item<double>();
  const double error = (a - b).abs().max().item<double>();
  const at::Tensor cosine = at::cosine_similarity(a, b, -1);
  const std::lock_guard lock(mutex_);
  FeatureError& e = errors_[name];
  e.max_relative = std::max(e.max_relative, error / std::max(scale, 1e-30));
  e.min_cosine = std::min(e.min_cosine, cosine.min().item<double>());
  const auto before = static_cast<double>(e.rows);
  e.rows += cosine.numel();
  e.mean_cosine = (e.mean_cosine * before + cosine.sum().item<double>()) /
                  static_cast<double>(std::max<int64_t>(1, e.rows));
}

std::map<std::string, FeatureError> CompareBackend::errors() const {
  const std::lock_guard lock(mutex_);
  return errors_;
}

std::string CompareBackend::Summary() const {
  std::string text;
  for (const auto& [name, e] : errors()) {
    text += fmt::format("{}{}: max relative error {:.2g}, cosine {:.6f} (least {:.6f}, {} rows)",
                        text.empty() ? "" : "; ", name, e.max_relative, e.mean_cosine, e.min_cosine,
                        e.rows);
  }
  return text;
}

}  // namespace vega
