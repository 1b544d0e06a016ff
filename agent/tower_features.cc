// Frames in, tokens out, in the layout outside checks read.

#include "agent/tower_features.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/version.h>

#include "agent/cached_backend.h"
#include "agent/compare_backend.h"
#include "agent/device.h"
#include "agent/latent_stream.h"
#include "agent/shapes.h"
#include "agent/tensor_file.h"
#include "agent/token_pictures.h"
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

// the part of the frame [H,W,3] behind each latent one that a tower sees, as pictures
std::vector<Image> SeenPictures(const at::Tensor& frames, int64_t latent_frames,
                                const TowerOptions& o) {
  const PictureRegion region = CoverCropRegion(static_cast<int>(frames.size(1)),
                                               static_cast<int>(frames.size(2)), o.height, o.width);
  const int64_t last = frames.size(0) - 1;
  std::vector<Image> pictures;
  for (int64_t i = 0; i < latent_frames; ++i) {
    const int64_t newest = latent_frames == 1 ? last : last * i / (latent_frames - 1);
    pictures.push_back(CutRegion(ToImage(frames[newest]), region));
  }
  return pictures;
}

VideoFeatures Joined(const std::vector<VideoFeatures>& parts) {
  const auto join = [&](auto get) {
    std::vector<at::Tensor> tensors;
    for (const VideoFeatures& part : parts) tensors.push_back(get(part));
    return tensors[0].defined() ? at::cat(tensors) : at::Tensor();
  };
  VideoFeatures out;
  out.latents = join([](const VideoFeatures& f) { return f.latents; });
  out.noisy = join([](const VideoFeatures& f) { return f.noisy; });
  out.tokens = join([](const VideoFeatures& f) { return f.tokens; });
  out.pooled = join([](const VideoFeatures& f) { return f.pooled; });
  for (const auto& entry : parts[0].also) {
    const int64_t block = entry.first;
    out.also[block] = {join([=](const VideoFeatures& f) { return f.also.at(block).tokens; }),
                       join([=](const VideoFeatures& f) { return f.also.at(block).pooled; })};
  }
  return out;
}

// The clips of a request one after the other, as they would come. Appends to `line`.
VideoFeatures ExtractStream(FeatureBackend& tower, const FeatureRequest& request,
                            const TowerFeaturesOptions& options, StageTimes& times,
                            std::string& line) {
  LatentStream stream({.tolerance = *options.stream});
  std::vector<VideoFeatures> parts, anew;
  for (int64_t i = 0; i < request.frames.size(0); ++i) {
    FeatureRequest one{.frames = request.frames.narrow(0, i, 1), .noise = {request.noise[i]}};
    if (request.injected.defined()) one.injected = request.injected.narrow(0, i, 1);
    if (options.stream_error) anew.push_back(tower.Extract(one, nullptr));
    one.stream = &stream;
    parts.push_back(tower.Extract(one, &times));
  }
  const LatentStreamReport& report = stream.report();
  line += fmt::format("; stream: {} of {} pieces encoded", report.encoded, report.pieces);
  VideoFeatures out = Joined(parts);
  if (options.stream_error) {
    const VideoFeatures exact = Joined(anew);
    const auto error = [](const at::Tensor& a, const at::Tensor& b) {
      return (a - b).abs().max().item<double>() / b.abs().max().item<double>();
    };
    line += fmt::format(", latents within {:.2g} of their scale of encoding anew, pooled {:.2g}",
                        error(out.latents, exact.latents), error(out.pooled, exact.pooled));
  }
  return out;
}

void AddPictures(const TowerFeaturesOptions& options, const TowerOptions& tower,
                 const at::Tensor& frames, const at::Tensor& maps, TensorMap& out) {
  const at::Tensor tokens = maps.permute({0, 2, 3, 1}).contiguous();  // [T,P,P,D]
  WriteTokenPictures(options.pictures, "frames", SeenPictures(frames, maps.size(0), tower), tokens,
                     {});
  out["pca"] = PrincipalComponents(tokens).permute({0, 3, 1, 2});
  out["norm"] = maps.norm(2, 1);
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
  std::string line;
  const VideoFeatures out = options.stream
                                ? ExtractStream(*tower.backend, request, options, times, line)
                                : tower.backend->Extract(request, &times);
  const auto layout = [&](const at::Tensor& latents) {
    return by_frame ? latents.transpose(0, 2) : latents;
  };
  const TowerOptions& o = tower.options;
  TensorMap tensors = {{"latents", layout(out.latents)},
                       {"noisy", layout(out.noisy)},
                       {"tokens", out.tokens.flatten(0, 1)},  // [T,N,D]
                       {"pooled", ToMaps(out.pooled, tower.backend->grid())}};
  for (const auto& [block, features] : out.also) {
    tensors[fmt::format("tokens_{}", block)] = features.tokens.flatten(0, 1);
    tensors[fmt::format("pooled_{}", block)] = ToMaps(features.pooled, tower.backend->grid());
  }
  if (!options.pictures.empty()) {
    AddPictures(options, o, frames, tensors.at("pooled"), tensors);
  }
  WriteTensors(options.out, tensors,
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
  line = times.Line() + line;
  if (cached != nullptr) {
    const auto counts = cached->counts();
    line += fmt::format("; cache: {} found, {} computed", counts.hits, counts.misses);
  }
  if (compare != nullptr)
    line += fmt::format("; against {}: {}", options.compare, compare->Summary());
  return line;
}

}  // namespace vega
