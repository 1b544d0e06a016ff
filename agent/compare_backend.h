// Two towers at once: the answer of one, and how far the other is from it.

#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "agent/feature_backend.h"

namespace vega {

// How far one tensor of the candidate was from the reference, over all requests.
struct FeatureError {
  double max_relative = 0;  // max |a - b| / max |b| of a request
  double mean_cosine = 0;   // of rows along the last dimension (tokens), mean over all
  double min_cosine = 1;
  int64_t rows = 0;
};

// Answers with the reference's features and keeps the candidate's errors. Throws Error when the two
// have other widths or grids.
class CompareBackend : public FeatureBackend {
 public:
  CompareBackend(std::shared_ptr<FeatureBackend> reference,
                 std::shared_ptr<FeatureBackend> candidate);
  VideoFeatures Extract(const FeatureRequest& request, StageTimes* times) override;
  int64_t width() const override { return reference_->width(); }
  TokenGrid grid() const override { return reference_->grid(); }

  // By name: latents, noisy, tokens, pooled; those that both towers give.
  std::map<std::string, FeatureError> errors() const;
  // "pooled: max relative error 1.2e-06, cosine 1.000000 (least 0.999998, 128 rows); ..."
  std::string Summary() const;

 private:
  void Add(const std::string& name, const at::Tensor& reference, const at::Tensor& candidate);

  std::shared_ptr<FeatureBackend> reference_, candidate_;
  mutable std::mutex mutex_;
  std::map<std::string, FeatureError> errors_;
};

}  // namespace vega
