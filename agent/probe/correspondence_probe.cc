// Scenes through every tower, and the pictures of what was found.

#include "agent/probe/correspondence_probe.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "agent/probe/correspondence.h"
#include "agent/probe/scene_tokens.h"
#include "agent/token_pictures.h"
#include "sim/base/error.h"
#include "sim/png.h"

namespace vega {
namespace {

constexpr int kLeastPictureWidth = 384;  // pixels of one view in a match picture

// a name that is one file's: folders become their last part
std::string FileName(std::string name) {
  while (name.ends_with('/')) name.pop_back();
  name = name.substr(name.rfind('/') + 1);
  std::replace(name.begin(), name.end(), ':', '-');
  return name;
}

class Probe : public CorrespondenceProbe {
 public:
  explicit Probe(const CorrespondenceProbeOptions& options)
      : score_(options.score), tokens_(options.towers) {
    if (!(score_.voxel > 0)) {
      throw Error(fmt::format("voxels of {} m hold nothing", score_.voxel));
    }
  }

  std::vector<ProbedTower> towers() const override { return tokens_.towers(); }

  void Add(const std::string& name, const std::vector<ViewClip>& clips,
           const std::filesystem::path& pictures) override {
    scenes_.push_back(tokens_.See(name, clips));
    for (size_t i = 0; !pictures.empty() && i < scenes_.back().size(); ++i) {
      Draw(tokens_.towers()[i], scenes_.back()[i], clips, pictures, name);
    }
  }

  std::vector<std::vector<SceneScore>> Scores() const override {
    std::vector<std::vector<SceneScore>> scores;
    for (size_t s = 0; s < scenes_.size(); ++s) {
      const size_t other = (s + 1) % scenes_.size();
      scores.emplace_back();
      for (size_t i = 0; i < tokens_.towers().size(); ++i) {
        const SeenByTower& seen = scenes_[s][i];
        const at::Tensor elsewhere = other == s ? at::Tensor() : scenes_[other][i].tokens;
        scores.back().push_back(ScoreViews(seen.tokens, elsewhere, seen.cells, score_));
      }
    }
    return scores;
  }

 private:
  void Draw(const ProbedTower& tower, const SeenByTower& scene, const std::vector<ViewClip>& clips,
            const std::filesystem::path& folder, const std::string& name) const {
    const std::string file = FileName(tower.name) + "_" + FileName(name) + ".png";
    const at::Tensor colours = StretchToBytes(PrincipalComponents(scene.tokens));  // [V,G*G,3]
    std::vector<Image> seen, overlays;
    for (size_t v = 0; v < clips.size(); ++v) {
      seen.push_back(CutRegion(clips[v].view.image, scene.region));
      overlays.push_back(Overlay(seen.back(), colours[static_cast<int64_t>(v)]));
    }
    WritePng(folder / ("pca_" + file), SideBySide(overlays));
    const size_t b = clips.size() / 2, a = b == 0 ? 0 : b - 1;
    const auto matches =
        MutualMatches(scene.tokens[static_cast<int64_t>(a)], scene.cells[a],
                      scene.tokens[static_cast<int64_t>(b)], scene.cells[b], score_.voxel);
    const int scale = std::max(1, kLeastPictureWidth / seen[a].width);
    WritePng(folder / ("matches_" + file),
             MatchPicture(seen[a], seen[b], matches, static_cast<int>(tower.grid), scale));
  }

  CorrespondenceOptions score_;
  SceneTokens tokens_;
  std::vector<std::vector<SeenByTower>> scenes_;
};

}  // namespace

std::unique_ptr<CorrespondenceProbe> OpenCorrespondenceProbe(
    const CorrespondenceProbeOptions& options) {
  return std::make_unique<Probe>(options);
}

}  // namespace vega
