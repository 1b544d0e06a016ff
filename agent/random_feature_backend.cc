// Features without a picture.

#include <ATen/ATen.h>

#include "agent/feature_backend.h"
#include "agent/shapes.h"

namespace vega {

VideoFeatures RandomFeatureBackend::Extract(const FeatureRequest& request, StageTimes* times) {
  const StageTimer timer(times, Stage::kDit);
  const auto batch = static_cast<int64_t>(request.noise.size());
  RequireShape(request.frames, {batch, -1, -1, -1, 3}, "frames", "[B,T,H,W,3]");
  VideoFeatures features;
  features.pooled = DrawNoise(request.noise, {grid_ * grid_, width_});  // [B,G*G,D]
  features.tokens = features.pooled;
  return features;
}

}  // namespace vega
