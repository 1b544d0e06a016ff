// The trainer, its stages and what they share, on samples small enough to learn in seconds.

#include <ATen/ATen.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>

#include "agent/tensor_file.h"
#include "agent/train/event_file.h"
#include "agent/train/paraphraser.h"
#include "agent/train/shard_cache.h"
#include "agent/train/stage.h"
#include "agent/train/trainer.h"
#include "agent/vega_agent.h"
#include "sim/base/error.h"
#include "tests/agent/squares.h"

namespace vega {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

// mean of the first or the last `count`
double Mean(const std::vector<double>& values, int count, bool last) {
  const at::Tensor all = at::tensor(values, at::kDouble);
  return (last ? all.slice(0, -count) : all.slice(0, 0, count)).mean().item<double>();
}

}  // namespace

TEST_CASE("every stage lowers its loss and leaves a checkpoint of the whole agent") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  Run run = RunOf(scratch, "run",
                  {StageNamed("vae", 40), StageNamed("world", 40), StageNamed("semantic", 40),
                   StageNamed("policy", 60)});
  run.recipe.stages[3].evaluation = {.every = 30, .suites = {"squares"}};
  Watcher watcher;
  REQUIRE(run(watcher));
  // 8 + 8 + 8 + 12 reports
  REQUIRE(watcher.losses.size() == 36);
  for (const int first : {0, 8, 16, 24}) {
    const int count = first == 24 ? 12 : 8;
    const std::vector<double> stage(watcher.losses.begin() + first,
                                    watcher.losses.begin() + first + count);
    INFO("from report " << first << ": " << stage.front() << " to " << stage.back());
    CHECK(Mean(stage, 3, true) < 0.9 * Mean(stage, 3, false));
  }
  CHECK(watcher.evaluated == std::vector<int>{kSize, kSize});
  CHECK_THAT(watcher.said, Contains("psnr_frames") && Contains("psnr_next") &&
                               Contains("object_accuracy") && Contains("gripper_accuracy"));
  const CheckpointConfig config = ReadCheckpointConfig(scratch / "run/model");
  CHECK(config.contract.chunk_length == kChunk);
  CHECK(config.contract.render_quality == "fast");
  CHECK(config.contract.proprio_q01 == std::vector<double>(8, -1.0));
  CHECK(config.model.vae.latents_mean != std::vector<double>(4, 0.0));
  const VegaAgentRunner agent(config, "cpu", scratch / "run/model");
  CHECK(fs::exists(scratch / "run/metrics.jsonl"));
  CHECK_FALSE(fs::exists(scratch / "run/03-policy/state.safetensors"));
}

TEST_CASE("a run that was stopped and resumed ends with the bytes of one that was not") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  std::vector<StageOptions> stages = {StageNamed("semantic", 20), StageNamed("policy", 30)};
  stages[1].batch = 32;  // in two parts
  Run run = RunOf(scratch, "whole", stages);
  run.threads = 2;
  Watcher whole;
  REQUIRE(run(whole));
  run.recipe.out = (scratch / "parts").string();
  for (const int stop_after : {2, 1, 4}) {
    Watcher part;
    part.stop_after = stop_after;
    CHECK_FALSE(run(part, stop_after != 2));
  }
  Watcher rest;
  REQUIRE(run(rest, true));
  CHECK(SameBytes(scratch / "whole/model/model.safetensors",
                  scratch / "parts/model/model.safetensors"));
}

TEST_CASE("a flow-matching head learns and acts") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  Run run = RunOf(scratch, "flow", {StageNamed("policy", 80)});
  run.recipe.agent["head"]["flow_steps"] = 4;
  Watcher watcher;
  REQUIRE(run(watcher));
  CHECK(Mean(watcher.losses, 4, true) < 0.8 * Mean(watcher.losses, 4, false));
  const VegaAgentRunner agent(ReadCheckpointConfig(scratch / "flow/model"), "cpu",
                              scratch / "flow/model");
  AgentRequest request;
  request.clips.frames = at::full({2, 1, kSize, kSize, 3}, 128, at::kByte);
  request.clips.noise = {{1, "a", 0}, {1, "b", 0}};
  request.instruction = agent.text().Encode("touch the square");
  request.proprio = std::vector<double>(8, 0.0);
  const at::Tensor actions = agent.Act(request);
  CHECK(actions.sizes() == at::IntArrayRef({kChunk, 7}));
  CHECK(at::equal(actions, agent.Act(request)));
  request.clips.noise[0].step = 1;
  CHECK_FALSE(at::equal(actions, agent.Act(request)));
}

TEST_CASE("the world model and a policy with other wordings learn in bf16") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  std::vector<StageOptions> stages = {StageNamed("vae", 10), StageNamed("world", 5),
                                      StageNamed("policy", 5)};
  for (StageOptions& stage : stages) stage.precision = "bf16";
  stages[0].vae.clips = 0.5;
  stages[2].policy.paraphrases = 3;
  Watcher watcher;
  Run run = RunOf(scratch, "bf16", stages);
  run.recipe.store = "f16";
  CHECK(run(watcher));
  const TensorMap whole = ReadTensors(scratch / "bf16/02-policy/model/model.safetensors");
  const TensorMap half = ReadTensors(scratch / "bf16/model/model.safetensors");
  for (const auto& [name, weight] : whole) {
    REQUIRE(half.at(name).scalar_type() == at::kHalf);
    CHECK(at::allclose(half.at(name).to(at::kFloat), weight, 1e-3, 1e-6));
  }
}

TEST_CASE("a decoder that learns alone leaves latents and the rest of the agent as they were") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  Watcher first;
  REQUIRE(RunOf(scratch, "first", {StageNamed("vae", 10), StageNamed("world", 5)})(first));
  Run run = RunOf(scratch, "again", {StageNamed("vae", 40)});
  run.recipe.init = (scratch / "first/model").string();
  run.recipe.stages[0].vae.decoder_only = true;
  Watcher watcher;
  REQUIRE(run(watcher));
  CHECK(Mean(watcher.losses, 3, true) < 0.9 * Mean(watcher.losses, 3, false));
  const TensorMap before = ReadTensors(scratch / "first/model/model.safetensors");
  const TensorMap after = ReadTensors(scratch / "again/model/model.safetensors");
  for (const auto& [name, weight] : after) {
    const bool gives_back =
        name.starts_with("model.vae.decoder.") || name.starts_with("model.vae.conv2.");
    INFO(name);
    if (!gives_back) CHECK(at::equal(weight, before.at(name)));
  }
  CHECK_FALSE(at::equal(after.at("model.vae.conv2.weight"), before.at("model.vae.conv2.weight")));
  CHECK(ReadCheckpointConfig(scratch / "again/model").model.vae.latents_std ==
        ReadCheckpointConfig(scratch / "first/model").model.vae.latents_std);
}

TEST_CASE("a world model that learns from a later block on keeps what it gave out before it") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  Watcher first;
  REQUIRE(RunOf(scratch, "first", {StageNamed("vae", 5), StageNamed("world", 5)})(first));
  const CheckpointConfig config = ReadCheckpointConfig(scratch / "first/model");
  const int64_t last = config.model.dit.num_layers - 1;
  REQUIRE(last > 0);
  Run run = RunOf(scratch, "later", {StageNamed("world", 20)});
  run.recipe.init = (scratch / "first/model").string();
  run.recipe.stages[0].world.from_block = last;
  run.recipe.stages[0].world.sampler_steps = 1;
  Watcher watcher;
  REQUIRE(run(watcher));
  const TensorMap before = ReadTensors(scratch / "first/model/model.safetensors");
  const TensorMap after = ReadTensors(scratch / "later/model/model.safetensors");
  const std::string learns = "model.dit.blocks." + std::to_string(last) + ".";
  for (const auto& [name, weight] : after) {
    INFO(name);
    if (name.starts_with(learns) || name.starts_with("model.dit.head.")) continue;
    CHECK(at::equal(weight, before.at(name)));
  }
  const std::string head = "model.dit.head.head.weight";
  CHECK_FALSE(at::equal(after.at(head), before.at(head)));
  const auto key = [&](const char* run, int64_t block) {
    VegaAgent agent(ReadCheckpointConfig(scratch / run / "model"));
    LoadCheckpointWeights(scratch / run / "model", *agent);
    return TokensKey(*agent->model->dit, block);
  };
  CHECK(key("first", last - 1) == key("later", last - 1));
  CHECK(key("first", last) != key("later", last));

  run = RunOf(scratch, "beyond", {StageNamed("world", 1)});
  run.recipe.stages[0].world.from_block = last + 1;
  CHECK_THROWS_WITH(run(watcher), Contains("from_block"));
}

TEST_CASE("the mean of many continuations is nearer to what comes than one of them") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  Watcher first;
  REQUIRE(RunOf(scratch, "first", {StageNamed("vae", 40), StageNamed("world", 40)})(first));
  const auto psnr = [&](const char* out, int64_t draws) {
    Run run = RunOf(scratch, out, {StageNamed("world", 0)});
    run.recipe.init = (scratch / "first/model").string();
    run.recipe.stages[0].world.sampler_steps = 1;
    run.recipe.stages[0].world.draws = draws;
    Watcher watcher;
    REQUIRE(run(watcher));
    std::ifstream lines(scratch / out / "metrics.jsonl");
    const std::string text{std::istreambuf_iterator<char>(lines), {}};
    const std::string key = "\"held_out/psnr_next\":";
    return std::stod(text.substr(text.find(key) + key.size()));
  };
  CHECK(psnr("many", 32) > psnr("one", 1));
}

TEST_CASE("clips from before an episode's start do not count among next frames") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  for (const char* shard : {"squares/shard-00000.safetensors", "squares/shard-00001.safetensors"}) {
    TensorMap tensors = ReadTensors(scratch / shard);
    at::Tensor& frames = tensors.at("frames");
    frames = frames.narrow(2, 4, 1).expand_as(frames).contiguous();
    WriteTensors(scratch / shard, tensors);
  }
  Watcher watcher;
  REQUIRE(RunOf(scratch, "still", {StageNamed("world", 0)})(watcher));
  CHECK_THAT(watcher.said, Contains("velocity_mse") && !Contains("psnr_next"));
}

TEST_CASE("what is given out may be a mean with the weights it started from") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  Watcher watcher;
  REQUIRE(RunOf(scratch, "first", {StageNamed("policy", 5)})(watcher));
  Run run = RunOf(scratch, "mean", {StageNamed("policy", 20)});
  run.recipe.init = (scratch / "first/model").string();
  run.recipe.keep_init = 0.25;
  REQUIRE(run(watcher));
  const TensorMap before = ReadTensors(scratch / "first/model/model.safetensors");
  const TensorMap after = ReadTensors(scratch / "mean/00-policy/model/model.safetensors");
  for (const auto& [name, weight] : ReadTensors(scratch / "mean/model/model.safetensors")) {
    INFO(name);
    CHECK(at::allclose(weight, 0.25 * before.at(name) + 0.75 * after.at(name), 1e-5, 1e-6));
  }
  const std::string changed = "head.action_out.weight";
  CHECK_FALSE(at::equal(after.at(changed), before.at(changed)));
}

TEST_CASE("what is computed from latents is told apart by all of the VAE but its decoder") {
  const at::NoGradGuard no_grad;
  VideoVaeOptions options = {.dim = 4, .z_dim = 4, .num_res_blocks = 1, .decoder = true};
  options.latents_mean.assign(4, 0);
  options.latents_std.assign(4, 1);
  VideoVae vae(options);
  const auto fill = [&](std::string_view prefix, double value) {
    for (const auto& entry : vae->named_parameters()) {
      if (entry.key().starts_with(prefix)) entry.value().fill_(value);
    }
  };
  fill("", 0.1);
  const std::string key = LatentsKey(*vae);
  fill("decoder.", 0.2), fill("conv2.", 0.2);
  CHECK(LatentsKey(*vae) == key);
  fill("conv1.", 0.2);
  const std::string other = LatentsKey(*vae);
  CHECK(other != key);
  vae->SetNormalization(std::vector<double>(4, 1), options.latents_std);
  CHECK(LatentsKey(*vae) != other);
}

TEST_CASE("a loss that is not finite ends the run and keeps its batch") {
  const Scratch scratch;
  WritePack(scratch / "squares", PackJson(), std::numeric_limits<double>::quiet_NaN());
  const Run run = RunOf(scratch, "bad", {StageNamed("policy", 30)});
  Watcher watcher;
  CHECK_THROWS_WITH(run(watcher), Contains("the loss is nan at step") && Contains("--resume"));
  CHECK(ReadTensors(scratch / "bad/00-policy/bad_batch.safetensors").contains("frames"));
}

TEST_CASE("an instruction is said in other words, the same for a seed") {
  const Paraphraser paraphraser;
  const std::string instruction = "pick up the milk and place it in the basket";
  const auto said = paraphraser.Paraphrase(instruction, 50, 7);
  CHECK(said == paraphraser.Paraphrase(instruction, 50, 7));
  CHECK(said != paraphraser.Paraphrase(instruction, 50, 8));
  const std::set<std::string> different(said.begin(), said.end());
  CHECK(different.size() > 30);
  for (const std::string& sentence : said) CHECK_THAT(sentence, Contains("milk"));
  const Scratch scratch;
  std::ofstream(scratch / "table.json") << R"({"phrases": {"lift": []}, "openings": []})";
  CHECK_THROWS_WITH(Paraphraser(scratch / "table.json"), Contains("table.json"));
  std::ofstream(scratch / "table.json") << R"({"phrases": {"lift up": ["take"], "up": ["x"]},
                                               "openings": [], "closings": []})";
  const Paraphraser own(scratch / "table.json");
  for (const std::string& sentence : own.Paraphrase("lift up the bowl", 20, 1)) {
    CHECK((sentence == "take the bowl" || sentence == "lift up the bowl"));
  }
}

TEST_CASE("pictures are compared by the published measures") {
  const at::Tensor x = at::linspace(-0.5, 0.5, 3 * 32 * 32).view({1, 3, 32, 32});
  CHECK(Psnr(x + 0.2, x) == Approx(20.0).margin(1e-3));  // 10 log10(4 / 0.04)
  CHECK(Ssim(x, x) == Approx(1.0));
  // without contrast only the means are compared: (2 m n + c) / (m m + n n + c), c = 0.02 ^ 2
  const at::Tensor flat = at::full({1, 3, 32, 32}, 0.5);
  CHECK(Ssim(flat, flat * 0.5) == Approx((0.25 + 4e-4) / (0.3125 + 4e-4)));
  // the same contrast turned over: its covariance is minus its variance
  const at::Tensor stripes = at::arange(32).remainder(2).mul(2).sub(1).to(at::kFloat);
  const at::Tensor striped = stripes.expand({1, 3, 32, 32}).contiguous();
  CHECK(Ssim(-striped, striped) < -0.95);
}

TEST_CASE("event files are records that carry their own checksums") {
  CHECK(Crc32c("123456789") == 0xe3069283u);
  const Scratch scratch;
  EventFile events(scratch.path());
  events.AddScalar("loss", 7, 0.5);
  events.AddImage("strip", 7, {2, 2, std::vector<uint8_t>(12, 200)});
  events.Flush();
  std::ifstream in(events.file(), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  size_t records = 0;
  for (size_t at = 0; at < bytes.size(); ++records) {
    uint64_t length = 0;
    uint32_t masked = 0;
    std::memcpy(&length, bytes.data() + at, 8);
    std::memcpy(&masked, bytes.data() + at + 12 + length, 4);
    const uint32_t crc = Crc32c(std::string_view(bytes).substr(at + 12, length));
    REQUIRE(masked == ((crc >> 15) | (crc << 17)) + 0xa282ead8u);
    at += 16 + length;
  }
  CHECK(records == 3);
}

}  // namespace vega
