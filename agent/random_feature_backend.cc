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
  features.pooled =  // [B,1,G,D]
      DrawNoise(request.noise, {1, grid_.height * grid_.width, width_});
  features.tokens = features.pooled;
  return features;
}

}  // namespace vega
