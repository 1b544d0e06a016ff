// Scenes through every tower, and the pictures of what was found.

#include "agent/probe/correspondence_probe.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "agent/device.h"
#include "agent/probe/correspondence.h"
#include "agent/probe/token_source.h"
#include "agent/token_pictures.h"
#include "sim/base/error.h"
#include "sim/png.h"

namespace vega {
namespace {

constexpr int kLeastPictureWidth = 384;  // pixels of one view in a match picture

// clips of V views -> [V,T,H,W,3] u8
at::Tensor Frames(const std::vector<ViewClip>& clips) {
  std::vector<at::Tensor> all;
  for (const ViewClip& clip : clips) {
    std::vector<at::Tensor> frames;
    for (const Image& image : clip.earlier) frames.push_back(ToTensor(image));
    frames.push_back(ToTensor(clip.view.image));
    all.push_back(at::stack(frames));
  }
  if (all.empty()) throw Error("a scene without views cannot be probed");
  return at::stack(all);
}

// a name that is one file's: folders become their last part
std::string FileName(std::string name) {
  while (name.ends_with('/')) name.pop_back();
  name = name.substr(name.rfind('/') + 1);
  std::replace(name.begin(), name.end(), ':', '-');
  return name;
}

class Probe : public CorrespondenceProbe {
 public:
  explicit Probe(const CorrespondenceProbeOptions& options) : options_(options) {
    SetTorchThreads(1);
    if (!(options.score.voxel > 0)) {
      throw Error(fmt::format("voxels of {} m hold nothing", options.score.voxel));
    }
    sources_ = OpenTokenSources(
        options.towers.empty() ? DefaultTokenSources(options.agent) : options.towers,
        {options.agent, options.device, options.tower});
    for (const TokenSource& source : sources_) {
      towers_.push_back({source.name, source.weights, source.grid, 0});
    }
  }

  std::vector<ProbedTower> towers() const override { return towers_; }

  void Add(const std::string& name, const std::vector<ViewClip>& clips,
           const std::filesystem::path& pictures) override {
    const at::Tensor frames = Frames(clips);  // [V,T,H,W,3]
    std::vector<NoiseKey> noise;
    for (size_t v = 0; v < clips.size(); ++v) noise.push_back({options_.seed, "probe/" + name, v});
    std::vector<Seen> scene;
    for (size_t i = 0; i < sources_.size(); ++i) {
      const TokenSource& source = sources_[i];
      const auto grid = static_cast<int>(source.grid);
      const PictureRegion region =
          source.region(clips[0].view.camera.height, clips[0].view.camera.width);
      std::vector<std::vector<CellPoint>> cells;
      for (const ViewClip& clip : clips) cells.push_back(CellPoints(clip.view, grid, region));
      const at::Tensor tokens = source.tokens(frames, noise);  // [V,G*G,D]
      towers_[i].width = tokens.size(2);
      if (!pictures.empty()) Draw(source, region, clips, cells, tokens, pictures, name);
      scene.push_back({tokens, std::move(cells)});
    }
    scenes_.push_back(std::move(scene));
  }

  std::vector<std::vector<SceneScore>> Scores() const override {
    std::vector<std::vector<SceneScore>> scores;
    for (size_t s = 0; s < scenes_.size(); ++s) {
      const size_t other = (s + 1) % scenes_.size();
      scores.emplace_back();
      for (size_t i = 0; i < sources_.size(); ++i) {
        const Seen& seen = scenes_[s][i];
        const at::Tensor elsewhere = other == s ? at::Tensor() : scenes_[other][i].tokens;
        scores.back().push_back(ScoreViews(seen.tokens, elsewhere, seen.cells, options_.score));
      }
    }
    return scores;
  }

 private:
  // One scene through one tower.
  struct Seen {
    at::Tensor tokens;                          // [V,G*G,D]
    std::vector<std::vector<CellPoint>> cells;  // (V)
  };

  void Draw(const TokenSource& source, const PictureRegion& region,
            const std::vector<ViewClip>& clips, const std::vector<std::vector<CellPoint>>& cells,
            const at::Tensor& tokens, const std::filesystem::path& folder,
            const std::string& scene) const {
    const std::string file = FileName(source.name) + "_" + FileName(scene) + ".png";
    const at::Tensor colours = StretchToBytes(PrincipalComponents(tokens));  // [V,G*G,3]
    std::vector<Image> seen, overlays;
    for (size_t v = 0; v < clips.size(); ++v) {
      seen.push_back(CutRegion(clips[v].view.image, region));
      overlays.push_back(Overlay(seen.back(), colours[static_cast<int64_t>(v)]));
    }
    WritePng(folder / ("pca_" + file), SideBySide(overlays));
    const size_t b = clips.size() / 2, a = b == 0 ? 0 : b - 1;
    const auto matches =
        MutualMatches(tokens[static_cast<int64_t>(a)], cells[a], tokens[static_cast<int64_t>(b)],
                      cells[b], options_.score.voxel);
    const int scale = std::max(1, kLeastPictureWidth / seen[a].width);
    WritePng(folder / ("matches_" + file),
             MatchPicture(seen[a], seen[b], matches, static_cast<int>(source.grid), scale));
  }

  CorrespondenceProbeOptions options_;
  std::vector<TokenSource> sources_;
  std::vector<ProbedTower> towers_;
  std::vector<std::vector<Seen>> scenes_;
};

}  // namespace

std::unique_ptr<CorrespondenceProbe> OpenCorrespondenceProbe(
    const CorrespondenceProbeOptions& options) {
  return std::make_unique<Probe>(options);
}

}  // namespace vega
