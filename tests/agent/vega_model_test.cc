// The pipeline: seeds, registration of the two token grids, and the seam for other features.

#include "agent/vega_model.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include "agent/device.h"
#include "agent/world_model_tower.h"
#include "sim/base/error.h"
#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

VegaModelOptions SmallModel() {
  VegaModelOptions o = ModelPreset("vega-tiny");
  o.vae.dim = 4;
  o.vae.z_dim = 4;
  o.vae.latents_mean = {0, 0, 0, 0};
  o.vae.latents_std = {1, 1, 1, 1};
  o.dit = SmallDit();
  o.semantic.hidden_size = 32;
  o.semantic.intermediate_size = 64;
  o.semantic.num_layers = 2;
  o.fusion.dim = 24;
  o.height = o.width = 128;
  return o;
}

VegaModel MakeModel(const VegaModelOptions& options, uint64_t seed = 0) {
  SetTorchThreads(1);
  VegaModel model(options);
  InitializeWeights(*model, seed);
  return model;
}

FeatureRequest Request(const at::Tensor& frames, uint64_t seed = 0) {
  FeatureRequest request;
  request.frames = frames;
  for (int64_t i = 0; i < frames.size(0); ++i) {
    request.noise.push_back({seed, "camera" + std::to_string(i), 0});
  }
  return request;
}

at::Tensor RandomFrames(int64_t clips, int64_t length, int64_t size, uint64_t seed) {
  return ((Uniform({clips, length, size, size, 3}, seed) + 1) * 127).to(at::kByte);
}

TEST_CASE("The same seed gives the same features bit for bit, another seed others") {
  const VegaPipeline pipeline(MakeModel(SmallModel()));
  const at::Tensor frames = RandomFrames(2, 5, 128, 1);
  const VegaFeatures a = pipeline.Extract(Request(frames, 3), nullptr);
  const VegaFeatures b = VegaPipeline(MakeModel(SmallModel())).Extract(Request(frames, 3), nullptr);
  const VegaFeatures c = pipeline.Extract(Request(frames, 4), nullptr);
  const VegaFeatures d =
      VegaPipeline(MakeModel(SmallModel(), 1)).Extract(Request(frames, 3), nullptr);
  CHECK(a.fused.sizes() == at::IntArrayRef({2, 64, 24}));
  CHECK(a.gate.sizes() == at::IntArrayRef({2, 64, 1}));
  CHECK(a.fused.isfinite().all().item<bool>());
  CHECK(a.fused.equal(b.fused));
  CHECK(a.gate.equal(b.gate));
  CHECK(a.video.latents.equal(c.video.latents));
  CHECK_FALSE(a.generative.equal(c.generative));
  CHECK(a.semantic.equal(c.semantic));
  CHECK_FALSE(a.fused.equal(d.fused));
}

TEST_CASE("Noise can be given as a tensor") {
  const VegaPipeline pipeline(MakeModel(SmallModel()));
  FeatureRequest request = Request(RandomFrames(2, 5, 128, 1));
  const at::Tensor drawn = pipeline.Extract(request, nullptr).video.noisy;
  request.injected = DrawNoise(request.noise, {4, 2, 16, 16});
  request.noise.clear();
  CHECK(pipeline.Extract(request, nullptr).video.noisy.equal(drawn));
  request.injected = at::zeros({2, 4, 2, 16, 15});
  CHECK_THROWS_WITH(pipeline.Extract(request, nullptr), Catch::Contains("noise must be"));
}

// keeps the centre tap of each kernel, so that features stay where the picture puts them: random
// kernels shift them, trained ones do not
void KeepCentreTaps(torch::nn::Module& module) {
  for (at::Tensor& kernel : module.parameters()) {
    if (kernel.dim() < 4 || kernel.size(-1) != 3) continue;
    const at::Tensor centre = kernel.select(-1, 1).select(-1, 1).clone();
    kernel.zero_().select(-1, 1).select(-1, 1).copy_(centre * 3);
  }
}

TEST_CASE("A dot at a pixel lights the same token of both grids") {
  VegaModelOptions options = SmallModel();
  options.block = 0;
  VegaModel model = MakeModel(options);
  KeepCentreTaps(*model->vae);
  const VegaPipeline pipeline(model);
  const at::Tensor empty = at::full({1, 5, 128, 128, 3}, 100, at::kByte);
  const VegaFeatures before = pipeline.Extract(Request(empty), nullptr);
  for (const auto& [row, column] : {std::pair{2, 5}, {6, 1}, {0, 7}, {4, 4}}) {
    at::Tensor dotted = empty.clone();
    // the middle half of a 16 px cell
    dotted.narrow(2, 16 * row + 4, 8).narrow(3, 16 * column + 4, 8).fill_(255);
    const VegaFeatures after = pipeline.Extract(Request(dotted), nullptr);
    const auto lit = [](const at::Tensor& a, const at::Tensor& b) {
      return (a - b).norm(2, -1).argmax().item<int64_t>();
    };
    INFO("row " << row << ", column " << column);
    CHECK(lit(after.generative, before.generative) == 8 * row + column);
    CHECK(lit(after.semantic, before.semantic) == 8 * row + column);
  }
}

TEST_CASE("Independent frames see the newest frame only, a clip sees all") {
  VegaModelOptions options = SmallModel();
  const at::Tensor frames = RandomFrames(1, 5, 128, 1);
  at::Tensor older = frames.clone();
  older.select(1, 0).bitwise_not_();
  for (const char* mode : {"independent", "clip"}) {
    options.frames = mode;
    const VegaPipeline pipeline(MakeModel(options));
    const bool same = pipeline.Extract(Request(frames), nullptr)
                          .fused.equal(pipeline.Extract(Request(older), nullptr).fused);
    CHECK(same == (std::string(mode) == "independent"));
  }
}

TEST_CASE("Features come from any backend, and stages are timed") {
  const VegaModelOptions options = SmallModel();
  const auto fake = std::make_shared<RandomFeatureBackend>(options.dit.dim, options.grid);
  const VegaPipeline pipeline(MakeModel(options), fake);
  StageTimes times;
  const VegaFeatures features = pipeline.Extract(Request(RandomFrames(2, 5, 128, 1)), &times);
  CHECK(features.fused.isfinite().all().item<bool>());
  CHECK_FALSE(features.video.latents.defined());
  CHECK(times.count(Stage::kVae) == 0);
  CHECK(times.count(Stage::kSemantic) == 1);
  CHECK(times.Quantile(Stage::kFusion, 0.5) > 0);
  const auto wrong = std::make_shared<RandomFeatureBackend>(options.dit.dim + 1, options.grid);
  CHECK_THROWS_AS(VegaPipeline(MakeModel(options), wrong), Error);
}

TEST_CASE("Options that do not fit together are refused") {
  VegaModelOptions options = SmallModel();
  options.height = 120;
  CHECK_THROWS_WITH(VegaPipeline(VegaModel(options)), Catch::Contains("multiple of 16"));
  options = SmallModel();
  options.block = 4;
  CHECK_THROWS_AS(VegaPipeline(VegaModel(options)), Error);
  options = SmallModel();
  options.frames = "all";
  CHECK_THROWS_AS(VegaModel(options), Error);
}

}  // namespace
}  // namespace vega
