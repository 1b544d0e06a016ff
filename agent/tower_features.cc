// Frames in, tokens out, in the layout outside checks read.

#include "agent/tower_features.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/version.h>

#include "agent/cached_backend.h"
#include "agent/compare_backend.h"
#include "agent/device.h"
#include "agent/shapes.h"
#include "agent/tensor_file.h"
#include "agent/tower.h"
#include "sim/base/error.h"

namespace vega {
namespace {

const at::Tensor& At(const TensorMap& tensors, const char* name,
                     const std::filesystem::path& file) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    throw Error(fmt::format("{} has no tensor '{}'", file.string(), name));
  }
  return found->second;
}

// the noise of a file as [B,C,t,h,w]; `by_frame` says whether a causal clip's came as [t,C,1,h,w]
at::Tensor ReadNoise(const std::filesystem::path& file, bool clip, bool& by_frame) {
  at::Tensor noise = At(ReadTensors(file), "noise", file);
  if (!noise.is_floating_point()) {
    throw Error(fmt::format("{}: the noise is {}, not of floats", file.string(),
                            c10::toString(noise.scalar_type())));
  }
  noise = noise.to(at::kFloat);
  if (noise.dim() == 4) noise = noise.unsqueeze(clip ? 0 : 2);
  RequireShape(noise, {-1, -1, -1, -1, -1}, file.string() + ": the noise", "[T,C,1,h,w]");
  by_frame = clip && noise.size(0) > 1 && noise.size(2) == 1;
  if (by_frame) return noise.transpose(0, 2);
  if (!clip && noise.size(0) == 1) return noise.transpose(0, 2);
  return noise;
}

// [B,t,G,D] -> [B*t,D,height,width]
at::Tensor ToMaps(const at::Tensor& pooled, TokenGrid grid) {
  return pooled.flatten(0, 1).transpose(1, 2).unflatten(2, {grid.height, grid.width});
}

std::string TimesLine(const StageTimes& times) {
  std::string line;
  for (const Stage stage : {Stage::kPreprocess, Stage::kVae, Stage::kDit, Stage::kPool}) {
    if (times.count(stage) == 0) continue;
    line += fmt::format("{}{} {:.1f}/{:.1f} ms", line.empty() ? "" : ", ", Name(stage),
                        times.Quantile(stage, 0.5), times.Quantile(stage, 0.9));
  }
  return line;
}

}  // namespace

std::string ExtractTowerFeatures(const TowerFeaturesOptions& options) {
  if (options.threads < 0) throw Error("a number of threads is 1 or more", "0: the machine's");
  if (options.threads > 0) SetTorchThreads(options.threads);
  const bool clip = options.tower.frames == "clip";
  const at::Tensor frames = At(ReadTensors(options.clip), "frames", options.clip);
  RequireShape(frames, {-1, -1, -1, 3}, options.clip.string() + ": frames", "[T,H,W,3]");
  FeatureRequest request;
  request.frames = frames.unsqueeze(clip ? 0 : 1);  // [B,T,H,W,3]
  bool by_frame = false;
  if (!options.noise.empty()) request.injected = ReadNoise(options.noise, clip, by_frame);
  for (int64_t i = 0; i < request.frames.size(0); ++i) {
    request.noise.push_back({options.seed, "clip", static_cast<uint64_t>(i)});
  }
  Tower tower = OpenTower(options.tower);
  std::shared_ptr<CompareBackend> compare;
  if (!options.compare.empty()) {
    TowerOptions other = options.tower;
    other.tower = options.compare;
    other.weights = options.compare_weights;
    compare = std::make_shared<CompareBackend>(tower.backend, OpenTower(other).backend);
    tower.backend = compare;
  }
  std::shared_ptr<CachedBackend> cached;
  if (!options.cache.empty()) {
    cached = std::make_shared<CachedBackend>(
        tower.backend, tower.identity,
        FeatureCacheOptions{.folder = options.cache, .max_bytes = options.cache_bytes});
    tower.backend = cached;
  }
  StageTimes times;
  const VideoFeatures out = tower.backend->Extract(request, &times);
  const auto layout = [&](const at::Tensor& latents) {
    return by_frame ? latents.transpose(0, 2) : latents;
  };
  const TowerOptions& o = tower.options;
  WriteTensors(options.out,
               {{"latents", layout(out.latents)},
                {"noisy", layout(out.noisy)},
                {"tokens", out.tokens.flatten(0, 1)},  // [T,N,D]
                {"pooled", ToMaps(out.pooled, tower.backend->grid())}},
               {{"tower", o.tower},
                {"weights", tower.weights},
                {"prompt", tower.prompt},
                {"block", std::to_string(o.block)},
                {"timestep", std::to_string(tower.level.timestep)},
                {"sigma", fmt::format("{}", tower.level.sigma)},
                {"shift", fmt::format("{}", o.shift)},
                {"size", fmt::format("{}x{}", o.width, o.height)},
                {"frames", o.frames},
                {"dtype", o.dtype},
                {"device", o.device},
                {"noise", options.noise.empty() ? fmt::format("seed {}", options.seed) : "given"},
                {"torch", TORCH_VERSION},
                {"vega", "features 1"}});
  std::string line = TimesLine(times);
  if (cached != nullptr) {
    const auto counts = cached->counts();
    line += fmt::format("; cache: {} found, {} computed", counts.hits, counts.misses);
  }
  if (compare != nullptr)
    line += fmt::format("; against {}: {}", options.compare, compare->Summary());
  return line;
}

}  // namespace vega
