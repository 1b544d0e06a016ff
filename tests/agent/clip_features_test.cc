// What `vega features` reads and writes.

#include "agent/clip_features.h"

#include <ATen/ATen.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/base/error.h"
#include "sim/base/safetensors.h"
#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

struct Files {
  fs::path folder = fs::temp_directory_path() / ("vega_features_" + std::to_string(getpid()));
  ClipFeaturesOptions options;
  Files() {
    fs::create_directories(folder);
    options.clip = folder / "clip.safetensors";
    options.out = folder / "out.safetensors";
  }
  ~Files() { fs::remove_all(folder); }

  TensorMap Extract() const {
    ExtractClipFeatures(options);
    return ReadTensors(options.out);
  }
};

at::Tensor RandomClip(uint64_t seed) {
  return ((Uniform({5, 64, 64, 3}, seed) + 1) * 127).to(at::kByte);
}

TEST_CASE("Features of a clip are written with the options they were taken with") {
  Files files;
  WriteTensors(files.options.clip, {{"clip", RandomClip(1)}});
  files.options.block = 1;
  files.options.timestep = 200;
  files.options.seed = 3;
  const TensorMap out = files.Extract();
  const VegaModelOptions model = ModelPreset("vega-tiny");
  const int64_t tokens = model.grid * model.grid;
  CHECK(out.at("latents").size(0) == model.vae.z_dim);
  CHECK(out.at("latents").size(1) == 2);
  CHECK(out.at("noisy").sizes() == out.at("latents").sizes());
  CHECK(out.at("pooled").sizes() == at::IntArrayRef({tokens, model.dit.dim}));
  for (const char* name : {"generative", "semantic", "fused"}) {
    CHECK(out.at(name).sizes() == at::IntArrayRef({tokens, model.fusion.dim}));
    CHECK(out.at(name).isfinite().all().item<bool>());
  }
  CHECK(out.at("gate").sizes() == at::IntArrayRef({tokens, 1}));
  const auto metadata = SafetensorsFile::Open(files.options.out).metadata();
  CHECK(metadata.at("block") == "1");
  CHECK(metadata.at("timestep") == "201");
  CHECK(metadata.at("seed") == "3");
  CHECK(metadata.at("weights") == "untrained");
}

TEST_CASE("The same file and seed give the same bytes; seed, block and camera matter") {
  Files files;
  const at::Tensor clip = RandomClip(1);
  WriteTensors(files.options.clip, {{"clip_agentview", clip}, {"clip_wrist", clip}});
  const TensorMap a = files.Extract(), b = files.Extract();
  for (const auto& [name, tensor] : a) CHECK(tensor.equal(b.at(name)));
  CHECK(a.at("latents_agentview").equal(a.at("latents_wrist")));
  CHECK_FALSE(a.at("noisy_agentview").equal(a.at("noisy_wrist")));
  files.options.block = 0;
  const TensorMap block = files.Extract();
  CHECK(block.at("noisy_wrist").equal(a.at("noisy_wrist")));
  CHECK_FALSE(block.at("tokens_wrist").equal(a.at("tokens_wrist")));
  files.options.seed = 1;
  CHECK_FALSE(files.Extract().at("noisy_wrist").equal(a.at("noisy_wrist")));
  // the noise of another run, given
  files.options.noise = files.folder / "noise.safetensors";
  WriteTensors(files.options.noise, {{"noise_agentview", at::zeros_like(a.at("latents_agentview"))},
                                     {"noise_wrist", at::zeros_like(a.at("latents_wrist"))}});
  CHECK(files.Extract().at("noisy_wrist").equal(files.Extract().at("noisy_agentview")));
}

TEST_CASE("Files without a usable clip are one clear error") {
  Files files;
  WriteTensors(files.options.clip, {{"frames", RandomClip(1)}});
  CHECK_THROWS_WITH(files.Extract(), Catch::Contains("has no clip"));
  WriteTensors(files.options.clip, {{"clip", RandomClip(1).to(at::kFloat)}});
  CHECK_THROWS_WITH(files.Extract(), Catch::Contains("frames must be u8"));
  WriteTensors(files.options.clip, {{"clip", RandomClip(1).narrow(0, 0, 4)}});
  CHECK_THROWS_WITH(files.Extract(), Catch::Contains("T is 1 + 4 n"));
  WriteTensors(files.options.clip, {{"clip", RandomClip(1)}});
  files.options.block = 99;
  CHECK_THROWS_WITH(files.Extract(), Catch::Contains("block 99"));
  files.options.model = "vega-huge";
  CHECK_THROWS_WITH(files.Extract(), Catch::Contains("unknown model 'vega-huge'"));
  files.options.clip = "/nonexistent.safetensors";
  CHECK_THROWS_AS(files.Extract(), Error);
}

}  // namespace
}  // namespace vega
