// A scene's views through every tower that a probe compares.

#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "agent/probe/cell_points.h"
#include "agent/probe/probe_towers.h"
#include "agent/probe/token_source.h"
#include "sim/depth_view.h"

namespace vega {

// V views of a scene through one tower.
struct SeenByTower {
  PictureRegion region;                       // that the tokens cover
  at::Tensor tokens;                          // [V,G*G,D]
  std::vector<std::vector<CellPoint>> cells;  // (V) of G*G
};

class SceneTokens {
 public:
  // One thread computes. Throws Error for an unknown tower or a model that cannot be opened.
  explicit SceneTokens(const ProbeTowerOptions& options);

  // One a tower. All clips have one length and all pictures one size; `name` keys the noise. Throws
  // Error.
  std::vector<SeenByTower> See(const std::string& name, const std::vector<ViewClip>& clips);
  const std::vector<ProbedTower>& towers() const { return towers_; }

 private:
  uint64_t seed_;
  std::vector<TokenSource> sources_;
  std::vector<ProbedTower> towers_;
};

}  // namespace vega
