// The video DiT against diffusers, and its early exit.

#include "agent/video_dit.h"

#include <ATen/ATen.h>

#include <catch2/catch.hpp>

#include "agent/wan_names.h"
#include "sim/base/error.h"
#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

TEST_CASE("Every block's output and the velocity equal diffusers'") {
  const TensorMap fixture = AgentFixture("video_dit");
  VideoDitOptions options;
  options.dim = 40;  // heads of 20: rotary widths 8, 6, 6
  options.ffn_dim = 72;
  options.freq_dim = 32;
  options.num_heads = 2;
  options.num_layers = 3;
  options.in_dim = options.out_dim = 4;
  options.text_dim = 12;
  options.f64_time = false;
  VideoDit dit(options);
  LoadTensors(*dit, FixtureWeights(fixture), "fixture");
  Freeze(*dit);
  const at::Tensor& latents = fixture.at("latents");  // [2,4,2,4,6]
  const at::Tensor& timestep = fixture.at("timestep");
  // the reference was given the prompt padded to 512 rows
  const PromptContext prompt = dit->Prepare(fixture.at("context"));
  for (int64_t block = 0; block < options.num_layers; ++block) {
    const double error = RelativeError(dit->Features(latents, timestep, prompt, block),
                                       fixture.at("block" + std::to_string(block)));
    INFO("block " << block << ": " << error);
    CHECK(error < 1e-5);
  }
  CHECK(RelativeError(dit->forward(latents, timestep, prompt), fixture.at("velocity")) < 1e-5);
  // one timestep for the whole batch takes a shorter way to the same numbers
  const at::Tensor same = at::full({2}, 299);
  CHECK(RelativeError(dit->Features(latents, same.narrow(0, 0, 1), prompt, 2),
                      dit->Features(latents, same, prompt, 2)) < 1e-6);
}

TEST_CASE("VACE: every block's output and the velocity equal diffusers'") {
  const TensorMap fixture = AgentFixture("vace_dit");
  VideoDitOptions options;
  options.dim = 32;  // heads of 16, where diffusers cuts its rotary tables between two columns
  options.ffn_dim = 40;
  options.freq_dim = 16;
  options.num_heads = 2;
  options.num_layers = 4;
  options.in_dim = options.out_dim = 4;
  options.text_dim = 6;
  options.f64_time = false;
  options.rope = "diffusers";
  options.vace_layers = {0, 2};
  options.vace_in_dim = 12;
  VideoDit dit(options);
  LoadTensors(*dit, FixtureWeights(fixture), "fixture", DiffusersDitName);
  Freeze(*dit);
  const at::Tensor& latents = fixture.at("latents");  // [2,4,2,4,6]
  const at::Tensor& hint = fixture.at("hint");
  const at::Tensor timestep = at::tensor({299, 640}, at::kLong);
  const PromptContext prompt = dit->Prepare(fixture.at("context"));
  for (int64_t block = 0; block < options.num_layers; ++block) {
    const double error = RelativeError(dit->Features(latents, timestep, prompt, block, hint),
                                       fixture.at("block" + std::to_string(block)));
    INFO("block " << block << ": " << error);
    CHECK(error < 1e-5);
  }
  CHECK(RelativeError(dit->forward(latents, timestep, prompt, hint), fixture.at("velocity")) <
        1e-5);
  CHECK_THROWS_WITH(dit->Features(latents, timestep, prompt, 0), Catch::Contains("hint"));
  // heads of 16 turn otherwise in the original, which gives the axes 8, 4 and 4 columns
  options.rope = "wan";
  VideoDit original(options);
  LoadTensors(*original, FixtureWeights(fixture), "fixture", DiffusersDitName);
  CHECK(RelativeError(original->Features(latents, timestep, prompt, 0, hint),
                      fixture.at("block0")) > 1e-4);
}

TEST_CASE("Tokens beyond the latents' are computed but never attended") {
  VideoDitOptions options = SmallDit();
  options.vace_layers = {0, 2};
  options.vace_in_dim = 12;
  VideoDit dit(options);
  InitializeWeights(*dit, 3);
  const at::Tensor latents = Uniform({1, 4, 1, 8, 8}, 5), timestep = at::full({1}, 299);
  at::Tensor hint = Uniform({1, 12, 2, 8, 8}, 6);
  const PromptContext prompt = dit->Prepare(Uniform({1, 2, 12}, 7));
  const at::Tensor a = dit->Features(latents, timestep, prompt, 3, hint);  // [1,32,D]
  hint.select(2, 1).neg_();  // what the padded rows are told
  const at::Tensor b = dit->Features(latents, timestep, prompt, 3, hint);
  REQUIRE(a.size(1) == 32);
  CHECK(RelativeError(a.narrow(1, 0, 16), b.narrow(1, 0, 16)) < 1e-6);
  CHECK(RelativeError(a.narrow(1, 16, 16), b.narrow(1, 16, 16)) > 1e-2);
}

TEST_CASE("A long prompt and a short one are attended alike") {
  // a short prompt's values go through the output projection once and for all
  VideoDitOptions options = SmallDit();
  options.num_heads = 4;
  VideoDit dit(options);
  InitializeWeights(*dit, 3);
  const at::Tensor latents = Uniform({2, 4, 1, 8, 8}, 5), timestep = at::full({1}, 299);
  const at::Tensor row = Uniform({1, 1, 12}, 6);
  const PromptContext one = dit->Prepare(row.expand({1, 8, 12}));  // all of text_len: no padding
  options.text_len = 1;
  VideoDit single(options);
  LoadTensors(*single, NamedTensors(*dit), "dit");
  const PromptContext short_one = single->Prepare(row);
  REQUIRE(short_one.blocks[0].folded.defined());
  REQUIRE_FALSE(one.blocks[0].folded.defined());
  CHECK(RelativeError(dit->Features(latents, timestep, one, 3),
                      single->Features(latents, timestep, short_one, 3)) < 2e-6);
}

TEST_CASE("Norms, activations and order of the block are Wan's, not their near relatives") {
  // each trap is set by changing one weight or constant whose effect the wrong reading would miss
  const TensorMap fixture = AgentFixture("video_dit");
  const TensorMap weights = FixtureWeights(fixture);
  VideoDitOptions options;
  options.dim = 40;
  options.ffn_dim = 72;
  options.freq_dim = 32;
  options.num_heads = 2;
  options.num_layers = 3;
  options.in_dim = options.out_dim = 4;
  options.text_dim = 12;
  options.f64_time = false;
  const auto features = [&](const VideoDitOptions& o, const TensorMap& w) {
    VideoDit dit(o);
    LoadTensors(*dit, w, "fixture");
    Freeze(*dit);
    return dit->Features(fixture.at("latents"), fixture.at("timestep"),
                         dit->Prepare(fixture.at("context")), 0);
  };
  const at::Tensor good = features(options, weights);
  VideoDitOptions eps = options;
  eps.eps = 1e-2;  // 1e-6 in every norm
  CHECK(RelativeError(features(eps, weights), good) > 1e-4);
  VideoDitOptions text = options;
  text.text_len = 3;  // 512 rows are attended, zeros included
  CHECK(RelativeError(features(text, weights), good) > 1e-4);
  VideoDitOptions norm = options;
  norm.cross_attn_norm = false;  // the norm with weights stands before the cross-attention
  TensorMap without = weights;
  for (int i = 0; i < 3; ++i) {
    without.erase("blocks." + std::to_string(i) + ".norm3.weight");
    without.erase("blocks." + std::to_string(i) + ".norm3.bias");
  }
  CHECK(RelativeError(features(norm, without), good) > 1e-4);
  for (int64_t part = 0; part < 6; ++part) {  // shift, scale, gate; shift, scale, gate
    TensorMap swapped = weights;
    at::Tensor table = weights.at("blocks.0.modulation").clone();
    table.select(1, part).copy_(weights.at("blocks.0.modulation").select(1, (part + 1) % 6));
    swapped["blocks.0.modulation"] = table;
    CHECK(RelativeError(features(options, swapped), good) > 1e-4);
  }
}

TEST_CASE("Sinusoids of the timestep in f64 and f32 are close, but not to the last digits") {
  const at::Tensor latents = Uniform({1, 4, 1, 8, 8}, 5), timestep = at::full({1}, 937);
  std::vector<at::Tensor> features;
  for (const bool f64_time : {true, false}) {
    VideoDitOptions options = SmallDit();
    options.f64_time = f64_time;
    VideoDit dit(options);
    InitializeWeights(*dit, 3);
    features.push_back(dit->Features(latents, timestep, dit->Prepare(Uniform({1, 2, 12}, 6)), 0));
  }
  CHECK_FALSE(features[0].equal(features[1]));
  CHECK(RelativeError(features[0], features[1]) < 1e-3);
}

TEST_CASE("Stopping after block k gives what a full pass has there, bit for bit") {
  // the velocity of a model cut after block k is the head on the features of block k
  VideoDit full(SmallDit());
  InitializeWeights(*full, 3);
  VideoDitOptions cut_options = SmallDit();
  cut_options.num_layers = 2;
  VideoDit cut(cut_options);
  LoadTensors(*cut, NamedTensors(*full), "full model", {}, /*strict=*/false);
  const at::Tensor latents = Uniform({2, 4, 2, 8, 8}, 5), timestep = at::full({1}, 299);
  const at::Tensor context = Uniform({1, 2, 12}, 6);
  const at::Tensor a = full->Features(latents, timestep, full->Prepare(context), 1);
  const at::Tensor b = cut->Features(latents, timestep, cut->Prepare(context), 1);
  CHECK(a.equal(b));
  CHECK_FALSE(a.equal(full->Features(latents, timestep, full->Prepare(context), 2)));
}

TEST_CASE("Padding of the prompt is attended, as published") {
  VideoDitOptions options = SmallDit();
  VideoDit dit(options);
  InitializeWeights(*dit, 3);
  const at::Tensor latents = Uniform({1, 4, 1, 8, 8}, 5), timestep = at::full({1}, 299);
  const at::Tensor context = Uniform({1, 3, 12}, 6);
  const at::Tensor padded = at::constant_pad_nd(context, {0, 0, 0, options.text_len - 3});
  const at::Tensor merged = dit->Features(latents, timestep, dit->Prepare(context), 3);
  const at::Tensor whole = dit->Features(latents, timestep, dit->Prepare(padded), 3);
  CHECK(RelativeError(merged, whole) < 1e-6);
}

TEST_CASE("Inputs the DiT cannot read are one clear error") {
  VideoDit dit(SmallDit());
  const at::Tensor timestep = at::full({1}, 299);
  const PromptContext prompt = dit->Prepare(at::zeros({1, 2, 12}));
  CHECK_THROWS_AS(dit->Prepare(at::zeros({1, 9, 12})), Error);
  CHECK_THROWS_AS(dit->Prepare(at::zeros({1, 2, 13})), Error);
  CHECK_THROWS_AS(dit->Features(at::zeros({1, 4, 1, 8, 8}), timestep, prompt, 4), Error);
  CHECK_THROWS_AS(dit->Features(at::zeros({1, 4, 1, 7, 8}), timestep, prompt, 0), Error);
}

}  // namespace
}  // namespace vega
