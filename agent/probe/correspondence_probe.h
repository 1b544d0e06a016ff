// The correspondence probe over scenes: views in, scores of every tower out. Needs no torch to
// include.

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "agent/probe/probe_towers.h"
#include "agent/probe/score_types.h"
#include "sim/depth_view.h"

namespace vega {

struct CorrespondenceProbeOptions {
  ProbeTowerOptions towers;
  CorrespondenceOptions score;
};

class CorrespondenceProbe {
 public:
  virtual ~CorrespondenceProbe() = default;
  virtual std::vector<ProbedTower> towers() const = 0;
  // Takes the tokens of every tower of one more scene. All clips have one length and all pictures
  // one size, all scenes as many views; `name` keys the noise. Where `pictures` is given, draws
  // there, for each tower, the matches of the two middle views and the principal components of all
  // views' tokens. Throws Error.
  virtual void Add(const std::string& name, const std::vector<ViewClip>& clips,
                   const std::filesystem::path& pictures) = 0;
  // [scene][tower], in the order added. A scene's elsewhere is the next one, the last's the first.
  virtual std::vector<std::vector<SceneScore>> Scores() const = 0;
};

// Throws Error for an unknown tower or a model that cannot be opened.
std::unique_ptr<CorrespondenceProbe> OpenCorrespondenceProbe(
    const CorrespondenceProbeOptions& options);

}  // namespace vega
