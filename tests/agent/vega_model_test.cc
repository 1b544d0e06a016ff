// The pipeline: seeds, registration of the two token grids, and the seam for other features.

#include "agent/vega_model.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include "agent/device.h"
#include "agent/preprocess.h"
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

TEST_CASE("A clip's features do not depend on the batch it comes in, but for rounding") {
  const VegaPipeline pipeline(MakeModel(SmallModel()));
  const FeatureRequest four = Request(RandomFrames(4, 5, 128, 1));
  const VegaFeatures together = pipeline.Extract(four, nullptr);
  for (int64_t b = 0; b < 4; ++b) {
    FeatureRequest one;
    one.frames = four.frames.narrow(0, b, 1);
    one.noise = {four.noise[b]};
    const VegaFeatures alone = pipeline.Extract(one, nullptr);
    // what is drawn is equal to the bit; convolutions and matrix products of other sizes may round
    // otherwise, on some processors in the latents already
    CHECK(DrawNoise(one.noise, {4, 2, 16, 16})
              .equal(DrawNoise(four.noise, {4, 2, 16, 16}).narrow(0, b, 1)));
    CHECK(RelativeError(alone.video.noisy, together.video.noisy.narrow(0, b, 1)) < 2e-6);
    CHECK(RelativeError(alone.video.tokens, together.video.tokens.narrow(0, b, 1)) < 1e-5);
    CHECK(RelativeError(alone.fused, together.fused.narrow(0, b, 1)) < 1e-5);
  }
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

// What of a picture of 128 pixels a model sees, and its two grids.
struct Sight {
  int64_t height, width;  // of the world model's picture
  int64_t top, left;      // of the seen region in the camera's, pixels
  int64_t grid;           // G
  int64_t image_size;     // of the semantic encoder
};

TEST_CASE("A dot at a pixel lights the same token of both grids") {
  const Sight sight = GENERATE(Sight{128, 128, 0, 0, 8, 64},   // all of the picture
                               Sight{64, 128, 32, 0, 4, 64},   // its middle rows
                               Sight{128, 64, 0, 32, 4, 64},   // its middle columns
                               Sight{128, 128, 0, 0, 8, 71});  // 7 pixels no token covers
  VegaModelOptions options = SmallModel();
  options.block = 0;
  options.height = sight.height;
  options.width = sight.width;
  options.grid = sight.grid;
  options.semantic.image_size = sight.image_size;
  VegaModel model = MakeModel(options);
  KeepCentreTaps(*model->vae);
  const VegaPipeline pipeline(model);
  const at::Tensor empty = at::full({1, 5, 128, 128, 3}, 100, at::kByte);
  const VegaFeatures before = pipeline.Extract(Request(empty), nullptr);
  const int64_t cell_h = sight.height / sight.grid, cell_w = sight.width / sight.grid;  // pixels
  const int64_t last = sight.grid - 1;
  for (const auto& [row, column] :
       {std::pair<int64_t, int64_t>{1, 2}, {2, 0}, {0, last}, {last, 1}}) {
    at::Tensor dotted = empty.clone();
    // the middle half of a cell
    dotted.narrow(2, sight.top + cell_h * row + cell_h / 4, cell_h / 2)
        .narrow(3, sight.left + cell_w * column + cell_w / 4, cell_w / 2)
        .fill_(255);
    const VegaFeatures after = pipeline.Extract(Request(dotted), nullptr);
    const auto lit = [](const at::Tensor& a, const at::Tensor& b) {
      return (a - b).norm(2, -1).argmax().item<int64_t>();
    };
    INFO("seen " << sight.height << "x" << sight.width << ", row " << row << ", column " << column);
    CHECK(lit(after.generative, before.generative) == sight.grid * row + column);
    CHECK(lit(after.semantic, before.semantic) == sight.grid * row + column);
  }
}

// [1,h*w,2]: row and column of the middle of each cell of a grid over a region, in [0,1]
at::Tensor Middles(int64_t h, int64_t w) {
  const at::Tensor rows = (at::arange(h) + 0.5) / static_cast<double>(h);
  const at::Tensor columns = (at::arange(w) + 0.5) / static_cast<double>(w);
  return at::stack({rows.view({h, 1}).expand({h, w}), columns.view({1, w}).expand({h, w})}, 2)
      .view({1, h * w, 2});
}

TEST_CASE("Pooled and interpolated grids keep every place where it is") {
  // the published sizes (30x52 and 45x80 tokens, SigLIP's 27x27) and square ones, to 14 and 16
  for (const int64_t grid : {14, 16}) {
    const at::Tensor wanted = Middles(grid, grid);
    const double cell = 1.0 / static_cast<double>(grid);
    for (const auto& [h, w] : {std::pair<int64_t, int64_t>{30, 52}, {45, 80}, {30, 30}, {64, 64}}) {
      const at::Tensor pooled = PoolTokens(Middles(h, w).unsqueeze(1), h, w, grid).squeeze(1);
      // bins of whole tokens, as published, are off by up to half a token
      CHECK((pooled - wanted).abs().max().item<double>() < 0.25 * cell);
    }
    const at::Tensor resized = ResizeTokens(Middles(27, 27), grid);
    CHECK((resized - wanted).abs().max().item<double>() < 0.01 * cell);
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
