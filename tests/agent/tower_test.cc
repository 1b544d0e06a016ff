// Towers opened from folders as published, against diffusers.

#include "agent/tower.h"

#include <ATen/ATen.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "agent/tower_features.h"
#include "sim/base/error.h"
#include "sim/base/safetensors.h"
#include "sim/png.h"
#include "tests/agent/agent_test_util.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

struct Case {
  fs::path fixture;
  fs::path folder = fs::temp_directory_path() / ("vega_tower_" + std::to_string(getpid()));
  TowerFeaturesOptions options;
  TensorMap expected;

  explicit Case(const std::string& name) : fixture(fs::path(VEGA_FIXTURES) / "agent" / name) {
    fs::create_directories(folder);
    options.tower = {.tower = name,
                     .weights = fixture / "model",
                     .block = 1,
                     .width = 24,
                     .height = 16,
                     .pool = 2,
                     .frames = name == "wan_t2v" ? "clip" : "independent"};
    options.clip = fixture / "clip.safetensors";
    options.noise = fixture / "noise.safetensors";
    options.out = folder / "out.safetensors";
    options.threads = 1;
    expected = ReadTensors(fixture / "expected.safetensors");
  }
  ~Case() { fs::remove_all(folder); }

  TensorMap Run() const {
    ExtractTowerFeatures(options);
    return ReadTensors(options.out);
  }
  // a copy of the model that may be changed
  fs::path CopyModel() {
    fs::remove_all(folder / "model");
    fs::copy(fixture / "model", folder / "model", fs::copy_options::recursive);
    options.tower.weights = folder / "model";
    return folder / "model";
  }
};

TEST_CASE("Towers of diffusers' folders give diffusers' features") {
  for (const char* name : {"wan_t2v", "wan_vace"}) {
    const Case c(name);
    const TensorMap out = c.Run();
    for (const auto& [key, wanted] : c.expected) {
      const double error = RelativeError(out.at(key), wanted);
      INFO(name << " " << key << ": " << error);
      CHECK(error < 1e-5);
    }
    const auto metadata = SafetensorsFile::Open(c.options.out).metadata();
    CHECK(metadata.at("block") == "1");
    CHECK(metadata.at("timestep") == "299");
    CHECK(metadata.at("sigma") == "0.29992384");
  }
}

TEST_CASE("In bf16 every token points where the f32 token does") {
  for (const char* name : {"wan_t2v", "wan_vace"}) {
    Case c(name);
    c.options.tower.dtype = "bf16";
    const at::Tensor cosine =
        at::cosine_similarity(c.Run().at("tokens"), c.expected.at("tokens"), -1);
    INFO(name << " " << cosine.min().item<double>());
    CHECK(cosine.min().item<double>() >= 0.999);
    CHECK(cosine.min().item<double>() < 1);  // and is not f32
  }
}

TEST_CASE("A causal clip's noise may come by frame, and its latents follow") {
  Case c("wan_t2v");
  const at::Tensor noise = ReadTensors(c.options.noise).at("noise");  // [1,C,t,h,w]
  c.options.noise = c.folder / "noise.safetensors";
  WriteTensors(c.options.noise, {{"noise", noise.transpose(0, 2)}});
  const TensorMap out = c.Run();
  CHECK(RelativeError(out.at("latents"), c.expected.at("latents").transpose(0, 2)) < 1e-5);
  CHECK(RelativeError(out.at("tokens"), c.expected.at("tokens")) < 1e-5);
}

TEST_CASE("The same seed gives the same bytes; batches give what single pictures give") {
  Case c("wan_vace");
  c.options.noise.clear();
  const TensorMap first = c.Run(), second = c.Run();
  for (const auto& [key, tensor] : first) CHECK(tensor.equal(second.at(key)));
  c.options.seed = 1;
  CHECK_FALSE(c.Run().at("tokens").equal(first.at("tokens")));

  const Tower tower = OpenTower(c.options.tower);
  FeatureRequest all;
  all.frames = ReadTensors(c.options.clip).at("frames").unsqueeze(1);  // [B,1,H,W,3]
  for (int64_t i = 0; i < all.frames.size(0); ++i) all.noise.push_back({0, "clip", uint64_t(i)});
  const at::Tensor together = tower.backend->Extract(all, nullptr).tokens;
  for (int64_t i = 0; i < all.frames.size(0); ++i) {
    const FeatureRequest one = {all.frames.narrow(0, i, 1), {all.noise[i]}, {}};
    CHECK(RelativeError(tower.backend->Extract(one, nullptr).tokens, together.narrow(0, i, 1)) <
          2e-6);
  }
}

TEST_CASE("Stopping after a block is bit-equal to running on, at every block") {
  for (const char* name : {"wan_t2v", "wan_vace"}) {
    Case c(name);
    c.options.tower.block = 2;
    c.options.tower.also_blocks = {0, 1};
    const TensorMap whole = c.Run();
    c.options.tower.also_blocks.clear();
    for (const int64_t block : {0, 1, 2}) {
      c.options.tower.block = block;
      const TensorMap cut = c.Run();
      const std::string suffix = block == 2 ? "" : "_" + std::to_string(block);
      CHECK(cut.at("tokens").equal(whole.at("tokens" + suffix)));
      CHECK(cut.at("pooled").equal(whole.at("pooled" + suffix)));
      CHECK(cut.size() == 4);
    }
    CHECK_FALSE(whole.at("tokens_0").equal(whole.at("tokens_1")));
  }
}

TEST_CASE("Pictures of a tower's tokens lie over what it saw, wide grids too") {
  Case c("wan_t2v");
  c.options.pictures = c.folder / "pictures";
  c.options.tower.pool = 0;  // the tower's own grid, 24 to 16
  const TensorMap out = c.Run();
  const at::Tensor pooled = out.at("pooled");  // [T,D,h,w]
  const int64_t count = pooled.size(0), h = pooled.size(2), w = pooled.size(3);
  CHECK(2 * w == 3 * h);
  CHECK(out.at("pca").sizes() == at::IntArrayRef({count, 3, h, w}));
  CHECK(RelativeError(out.at("norm"), pooled.norm(2, 1)) < 1e-6);
  for (const char* kind : {"pca", "norm"}) {
    const Image picture = ReadPng(c.options.pictures / (std::string("frames_") + kind + ".png"));
    CHECK(picture.width == Approx(picture.height * 1.5 * static_cast<double>(count)).epsilon(0.1));
  }
  CHECK_FALSE(fs::exists(c.options.pictures / "frames_gate.png"));
}

TEST_CASE("A stream of tolerance 0 gives the bytes of the frames one by one") {
  for (const char* name : {"wan_t2v", "wan_vace"}) {
    Case c(name);
    c.options.tower.frames = "independent";
    c.options.noise.clear();
    at::Tensor frames = ReadTensors(c.options.clip).at("frames").clone();
    frames[1].copy_(frames[0]);  // a frame that came before
    c.options.clip = c.folder / "clip.safetensors";
    WriteTensors(c.options.clip, {{"frames", frames}});
    const TensorMap plain = c.Run();
    c.options.stream = 0;
    c.options.stream_error = true;
    const std::string line = ExtractTowerFeatures(c.options);
    INFO(line);
    const auto count = std::to_string(frames.size(0));
    CHECK(line.find(std::to_string(frames.size(0) - 1) + " of " + count +
                    " pieces encoded, "
                    "latents within 0 of") != std::string::npos);
    const TensorMap streamed = ReadTensors(c.options.out);
    for (const auto& [key, tensor] : plain) {
      CHECK(RelativeError(streamed.at(key), tensor) < 2e-6);  // another batch
    }
    c.options.stream = 2;  // all is alike
    CHECK(ExtractTowerFeatures(c.options).find("1 of " + count + " pieces") != std::string::npos);
  }
}

TEST_CASE("VACE's padded tokens and those of its frame are two choices") {
  Case c("wan_vace");
  c.options.tower.vace_tokens = "frame";
  CHECK(RelativeError(c.Run().at("tokens"), c.expected.at("tokens")) > 0.01);
}

TEST_CASE("The VAE alone is a tower whose tokens are latents") {
  Case c("wan_t2v");
  c.options.tower.tower = "vae";
  c.options.tower.pool = 0;
  const TensorMap out = c.Run();
  const at::Tensor latents = c.expected.at("latents");  // [1,C,t,h,w]
  CHECK(RelativeError(out.at("pooled"), latents[0].transpose(0, 1)) < 1e-5);
}

TEST_CASE("Presets are the two releases'; a square crop keeps all of a square picture") {
  const TowerOptions main = TowerPreset("main-3d"), spatial = TowerPreset("spatial-reasoning");
  CHECK((main.block == 20 && main.timestep == 300 && main.shift == 5 && main.pool == 14));
  CHECK((spatial.block == -1 && spatial.timestep == 300 && spatial.pool == 0));
  CHECK_THROWS_AS(TowerPreset("main"), Error);
  Case c("wan_t2v");
  c.options.tower.crop = "square";
  c.options.tower.block = -1;
  const Tower tower = OpenTower(c.options.tower);
  CHECK((tower.options.width == 16 && tower.options.height == 16));
  CHECK(tower.options.block == 2);
}

TEST_CASE("Drawn weights have the folder's sizes and depend on their seed") {
  Case c("wan_t2v");
  c.options.tower.tower = "random-init:wan_t2v";
  const TensorMap a = c.Run(), b = c.Run();
  CHECK(a.at("tokens").equal(b.at("tokens")));
  CHECK(a.at("tokens").sizes() == c.expected.at("tokens").sizes());
  c.options.tower.weights_seed = 1;
  CHECK_FALSE(c.Run().at("tokens").equal(a.at("tokens")));
}

TEST_CASE("Identity tells towers of other options apart") {
  const Case c("wan_t2v");
  TowerOptions other = c.options.tower;
  CHECK(OpenTower(other).identity == OpenTower(c.options.tower).identity);
  other.timestep = 200;
  CHECK(OpenTower(other).identity != OpenTower(c.options.tower).identity);
}

TEST_CASE("Towers that cannot be opened are one clear error") {
  Case c("wan_t2v");
  const auto fails = [&](const char* what) { CHECK_THROWS_WITH(c.Run(), Catch::Contains(what)); };
  TowerOptions& o = c.options.tower;
  const TowerOptions good = o;
  o.tower = "wan_t3v", fails("unknown tower 'wan_t3v'"), o = good;
  o.tower = "wan_vace", fails("is text to video"), o = good;
  o.tower = "vega-s", fails("config.json"), o = good;
  o.block = 3, fails("there is no block 3: the model has blocks 0..2"), o = good;
  o.timestep = 1001, fails("timestep 1001"), o = good;
  o.width = 25, fails("does not divide into tokens"), o = good;
  o.dtype = "fp16", fails("unknown dtype 'fp16'"), o = good;
  o.crop = "round", fails("unknown crop"), o = good;
  o.range = "float", fails("unknown pixel range"), o = good;
  o.frames = "video", fails("unknown frames mode"), o = good;
  o.prompt = "a cup", fails("a prompt needs a text encoder"), o = good;
  o.weights = c.folder / "nowhere", fails("there is no folder"), o = good;
  o.weights = c.folder, fails("holds no Wan2.1 model"), o = good;
  c.options.noise = c.options.clip, fails("has no tensor 'noise'");
  c.options.noise = c.fixture / "noise.safetensors";
  c.options.clip = c.options.noise, fails("has no tensor 'frames'");
}

TEST_CASE("Configurations and indices that do not fit are one clear error") {
  Case c("wan_t2v");
  const auto fails = [&](const char* what) { CHECK_THROWS_WITH(c.Run(), Catch::Contains(what)); };
  const auto edit = [&](const fs::path& file, const std::string& from, const std::string& to) {
    std::ifstream in(file);
    std::string text(std::istreambuf_iterator<char>(in), {});
    const size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    std::ofstream(file) << text.replace(at, from.size(), to);
  };
  fs::path model = c.CopyModel();
  edit(model / "transformer" / "config.json", "\"num_layers\": 3", "\"num_layers\": 2");
  fails("not part of the model");
  model = c.CopyModel();
  edit(model / "transformer" / "config.json", "\"ffn_dim\": 24", "\"ffn_dim\": 25");
  fails("the model wants");
  model = c.CopyModel();
  edit(model / "transformer" / "config.json", "\"image_dim\": null", "\"image_dim\": 8");
  fails("image_dim is not supported");
  model = c.CopyModel();
  edit(model / "vae" / "config.json", "\"is_residual\": false", "\"is_residual\": true");
  fails("Wan2.2");
  model = c.CopyModel();
  fs::remove(model / "vae" / "diffusion_pytorch_model-00002-of-00004.safetensors");
  fails("00002-of-00004");
  model = c.CopyModel();
  edit(model / "vae" / "diffusion_pytorch_model.safetensors.index.json", "\"encoder.conv_in.bias\"",
       "\"encoder.conv_in.bios\"");
  fails("which it does not");
  model = c.CopyModel();
  edit(model / "vae" / "config.json", "{", "");
  fails("is not JSON");
}

}  // namespace
}  // namespace vega
