// Clips to tensors, tensors to tokens.

#include "agent/probe/scene_tokens.h"

#include <ATen/ATen.h>

#include "agent/device.h"
#include "agent/token_pictures.h"
#include "sim/base/error.h"

namespace vega {
namespace {

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

}  // namespace

SceneTokens::SceneTokens(const ProbeTowerOptions& options) : seed_(options.seed) {
  SetTorchThreads(1);
  sources_ =
      OpenTokenSources(options.names.empty() ? DefaultTokenSources(options.agent) : options.names,
                       {options.agent, options.device, options.tower});
  for (const TokenSource& source : sources_) {
    towers_.push_back({source.name, source.weights, source.grid, 0});
  }
}

std::vector<SeenByTower> SceneTokens::See(const std::string& name,
                                          const std::vector<ViewClip>& clips) {
  const at::Tensor frames = Frames(clips);  // [V,T,H,W,3]
  std::vector<NoiseKey> noise;
  for (size_t v = 0; v < clips.size(); ++v) noise.push_back({seed_, "probe/" + name, v});
  std::vector<SeenByTower> scene;
  for (size_t i = 0; i < sources_.size(); ++i) {
    const TokenSource& source = sources_[i];
    const PinholeCamera& camera = clips[0].view.camera;
    SeenByTower seen{source.region(camera.height, camera.width), source.tokens(frames, noise), {}};
    for (const ViewClip& clip : clips) {
      seen.cells.push_back(CellPoints(clip.view, static_cast<int>(source.grid), seen.region));
    }
    towers_[i].width = seen.tokens.size(2);
    scene.push_back(std::move(seen));
  }
  return scene;
}

}  // namespace vega
