// Clips in, tokens and gate out.

#include "agent/clip_features.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "agent/device.h"
#include "agent/flow_schedule.h"
#include "agent/probe/cell_points.h"
#include "agent/shapes.h"
#include "agent/tensor_file.h"
#include "agent/token_pictures.h"
#include "agent/vega_agent.h"
#include "sim/base/error.h"

namespace vega {
namespace {

// one clip [T,H,W,3]: T one-frame clips where frames are independent
FeatureRequest MakeRequest(const at::Tensor& clip, const std::string& stream, bool independent,
                           uint64_t seed) {
  RequireShape(clip, {-1, -1, -1, 3}, "clip" + stream, "[T,H,W,3]");
  FeatureRequest request;
  request.frames = clip.unsqueeze(independent ? 1 : 0);  // [B,T,H,W,3]
  for (int64_t i = 0; i < request.frames.size(0); ++i) {
    request.noise.push_back({seed, "clip" + stream, static_cast<uint64_t>(i)});
  }
  return request;
}

TensorMap Outputs(const VegaFeatures& features, const std::string& stream, bool independent) {
  TensorMap out;
  const auto put = [&](const char* name, const at::Tensor& tensor) {
    if (tensor.defined()) out[name + stream] = independent ? tensor : tensor.squeeze(0);
  };
  put("latents", features.video.latents);
  put("noisy", features.video.noisy);
  put("tokens", features.video.tokens.select(1, -1));
  put("pooled", features.video.pooled.select(1, -1));
  put("generative", features.generative);
  put("semantic", features.semantic);
  put("fused", features.fused);
  put("gate", features.gate);
  put("pca", PrincipalComponents(features.video.pooled.select(1, -1)));
  put("norm", features.video.pooled.select(1, -1).norm(2, -1));
  return out;
}

// the part of the newest frames of clips [B,T,H,W,3] that the model sees, as pictures
std::vector<Image> SeenPictures(const at::Tensor& clips, const VegaModelOptions& model) {
  const PictureRegion region = CoverCropRegion(
      static_cast<int>(clips.size(2)), static_cast<int>(clips.size(3)), model.height, model.width);
  std::vector<Image> pictures;
  for (int64_t b = 0; b < clips.size(0); ++b) {
    pictures.push_back(CutRegion(ToImage(clips[b][-1]), region));
  }
  return pictures;
}

}  // namespace

std::string ExtractClipFeatures(const ClipFeaturesOptions& options) {
  SetTorchThreads(1);
  const TensorMap in = ReadTensors(options.clip);
  const TensorMap noise = options.noise.empty() ? TensorMap() : ReadTensors(options.noise);
  const auto agent = OpenAgent(options.model, options.device, {options.block, options.timestep});
  const VegaModelOptions& model = agent->pipeline().options();
  const bool independent = model.frames == "independent";
  TensorMap out;
  StageTimes times;
  for (const auto& [name, clip] : in) {
    if (name != "clip" && !name.starts_with("clip_")) continue;
    const std::string stream = name.substr(4);
    FeatureRequest request = MakeRequest(clip, stream, independent, options.seed);
    if (!options.noise.empty()) {
      const auto found = noise.find("noise" + stream);
      if (found == noise.end()) {
        throw Error(fmt::format("{} has no tensor 'noise{}'", options.noise.string(), stream));
      }
      request.injected = independent ? found->second : found->second.unsqueeze(0);
    }
    const VegaFeatures features = agent->pipeline().Extract(request, &times);
    out.merge(Outputs(features, stream, independent));
    if (options.pictures.empty()) continue;
    WriteTokenPictures(options.pictures, name, SeenPictures(request.frames, model),
                       features.video.pooled.select(1, -1), features.gate);
  }
  if (out.empty()) {
    throw Error(fmt::format("{} has no clip", options.clip.string()),
                "name a u8 tensor [T,H,W,3] 'clip' or 'clip_CAMERA'");
  }
  const auto& level = FlowSchedule(model.shift).Nearest(model.timestep);
  WriteTensors(options.out, out,
               {{"model", options.model},
                {"weights", agent->config().weights},
                {"block", std::to_string(model.block)},
                {"timestep", std::to_string(level.timestep)},
                {"sigma", fmt::format("{}", level.sigma)},
                {"seed", std::to_string(options.seed)},
                {"noise", options.noise.empty() ? "drawn" : "given"}});
  return times.Line();
}

}  // namespace vega
