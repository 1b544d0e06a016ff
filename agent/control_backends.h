// Controls: the same tower, robbed of what its features should live on. What a result with the
// tower is worth is what it loses with these in the tower's place.
//
//   noise-only       every picture is replaced by noise: features keep the tower's statistics and
//                    know nothing of the scene
//   shuffled-frames  the frames of a clip come in another order: features know the scene and not
//                    its time. One frame alone is left as it is
//
// random-init, the same tower with weights drawn from a seed, is opened like the tower itself.

#pragma once

#include <memory>

#include "agent/feature_backend.h"

namespace vega {

class NoiseOnlyBackend : public FeatureBackend {
 public:
  explicit NoiseOnlyBackend(std::shared_ptr<FeatureBackend> tower) : tower_(std::move(tower)) {}
  // Pictures are drawn from the request's noise keys; throws Error when it has none.
  VideoFeatures Extract(const FeatureRequest& request, StageTimes* times) override;
  int64_t width() const override { return tower_->width(); }
  TokenGrid grid() const override { return tower_->grid(); }

 private:
  std::shared_ptr<FeatureBackend> tower_;
};

class ShuffledFramesBackend : public FeatureBackend {
 public:
  explicit ShuffledFramesBackend(std::shared_ptr<FeatureBackend> tower)
      : tower_(std::move(tower)) {}
  // The order is drawn from the request's noise keys and never the true one; throws Error when it
  // has none.
  VideoFeatures Extract(const FeatureRequest& request, StageTimes* times) override;
  int64_t width() const override { return tower_->width(); }
  TokenGrid grid() const override { return tower_->grid(); }

 private:
  std::shared_ptr<FeatureBackend> tower_;
};

}  // namespace vega
