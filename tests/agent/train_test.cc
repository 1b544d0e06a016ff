// The trainer, its stages and what they share, on samples small enough to learn in seconds.

#include <ATen/ATen.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>

#include "agent/tensor_file.h"
#include "agent/train/event_file.h"
#include "agent/train/optimizer.h"
#include "agent/train/paraphraser.h"
#include "agent/train/sample_store.h"
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

TEST_CASE("packs that do not go together are refused by what they differ in") {
  const Scratch scratch;
  WritePack(scratch / "a");
  auto other = PackJson();
  other["orientation"] = "row-0-bottom";
  WritePack(scratch / "b", other);
  CHECK_THROWS_WITH(SampleStore({scratch / "a", scratch / "b"}), Contains("orientation"));
  other = PackJson();
  other["samples"] = 49;
  WritePack(scratch / "c", other);
  CHECK_THROWS_WITH(SampleStore({scratch / "c"}), Contains("49 samples"));
  CHECK_THROWS_WITH(SampleStore({scratch / "none"}), Contains("pack.json"));
}

TEST_CASE("samples of several packs keep their own names for categories and instructions") {
  const Scratch scratch;
  WritePack(scratch / "a");
  auto other = PackJson();
  other["categories"] = {"background", "a_bowl"};
  other["instructions"] = {"avoid the square", "lift the bowl"};
  WritePack(scratch / "b", other);
  const SampleStore store({scratch / "a", scratch / "b"});
  CHECK(store.size() == 2 * kSamples);
  CHECK(store.categories() == std::vector<std::string>{"a_bowl", "background", "red_square"});
  CHECK(store.Categories({0}).max().item<int>() == 2);
  CHECK(store.Categories({kSamples}).max().item<int>() == 1);
  CHECK(store.instructions()[store.Instructions({0})[0]] == "touch the square");
  CHECK(store.instructions()[store.Instructions({kSamples})[0]] == "avoid the square");
}

TEST_CASE("a segmentation that names no category of its pack is refused") {
  const Scratch scratch;
  auto pack = PackJson();
  pack["categories"] = {"background"};
  WritePack(scratch / "a", pack);
  const SampleStore store({scratch / "a"});
  CHECK_THROWS_WITH(store.Categories({0, 1, 2, 3}), Contains("names a category"));
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

TEST_CASE("each epoch visits every row once in an order of its own") {
  BatchOrder order({3, 5, 7, 9, 11, 13}, 3, 1);
  std::vector<int64_t> first = order.Rows(0), more = order.Rows(1);
  first.insert(first.end(), more.begin(), more.end());
  std::vector<int64_t> second = order.Rows(2);
  more = order.Rows(3);
  second.insert(second.end(), more.begin(), more.end());
  CHECK(first != second);
  std::sort(first.begin(), first.end());
  CHECK(first == std::vector<int64_t>{3, 5, 7, 9, 11, 13});
  CHECK(order.Rows(1) == BatchOrder({3, 5, 7, 9, 11, 13}, 3, 1).Rows(1));
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

TEST_CASE("the rate warms up in a line and falls along a cosine to its last share") {
  at::Tensor weight = at::ones({2, 2});
  const Optimizer optimizer({{"w", weight}}, {.lr = 1, .final_lr = 0.1, .warmup = 10}, 110);
  CHECK(optimizer.Rate(0) == Approx(0.1));
  CHECK(optimizer.Rate(9) == Approx(1.0));
  CHECK(optimizer.Rate(60) == Approx(0.55));
  CHECK(optimizer.Rate(110) == Approx(0.1));
}

TEST_CASE("either method goes on from its stored state bit for bit") {
  for (const char* method : {"adamw", "muon"}) {
    INFO(method);
    const auto learn = [&](int from, int to, const TensorMap& before) {
      at::Tensor matrix = at::ones({64, 96}), bias = at::ones({5});
      Optimizer optimizer({{"w.weight", matrix}, {"w.bias", bias}},
                          {.method = method, .lr = 0.01, .warmup = 3}, 10);
      if (from > 0) optimizer.Load(before, "the test");
      for (int step = from; step < to; ++step) {
        at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(uint64_t(step));
        matrix.mutable_grad() = at::randn({64, 96}, generator);
        bias.mutable_grad() = at::randn({5}, generator);
        optimizer.Step(step);
      }
      TensorMap state;
      for (const auto& [name, tensor] : optimizer.State()) state.emplace(name, tensor.clone());
      return state;
    };
    const TensorMap half = learn(0, 5, {}), whole = learn(0, 10, {}), resumed = learn(5, 10, half);
    // Muon needs no second moments
    CHECK(half.contains("second/w.weight") == (std::string(method) == "adamw"));
    CHECK(resumed.size() == whole.size());
    for (const auto& [name, tensor] : whole) {
      INFO(name);
      CHECK(at::equal(resumed.at(name), tensor));
    }
    TensorMap lacking = half;
    lacking.erase("first/w.weight");
    CHECK_THROWS_WITH(learn(5, 10, lacking), Contains("the test has no first/w.weight"));
  }
}

TEST_CASE("a recipe of a method there is not is refused") {
  const nlohmann::json recipe = {
      {"stages", {{{"stage", "policy"}, {"packs", {"a"}}, {"optimizer", {{"method", "sgd"}}}}}}};
  CHECK_THROWS_WITH(RecipeFromJson(recipe, "my.json"), Contains("my.json") &&
                                                           Contains("optimizer.method") &&
                                                           Contains("adamw or muon"));
}

TEST_CASE("an orthogonalised matrix keeps its directions and evens out their sizes") {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(uint64_t{3});
  const at::Tensor left = std::get<0>(at::linalg_qr(at::randn({96, 64}, generator)));
  const at::Tensor right = std::get<0>(at::linalg_qr(at::randn({64, 64}, generator)));
  const at::Tensor sizes = at::logspace(-1, 0, 64);
  for (const bool tall : {true, false}) {
    const at::Tensor x = (left * sizes).mm(right.t());  // [96,64]
    const at::Tensor y = Orthogonalized(tall ? x : x.t());
    REQUIRE(y.size(0) == (tall ? 96 : 64));
    const at::Tensor inside = left.t().mm(tall ? y : y.t()).mm(right);  // diagonal, of ones
    CHECK(inside.diagonal().min().item<double>() > 0.6);
    CHECK(inside.diagonal().max().item<double>() < 1.3);
    CHECK((inside - inside.diagonal().diag()).abs().max().item<double>() < 0.1);
  }
  CHECK(Orthogonalized(at::zeros({64, 64})).abs().max().item<double>() == 0);
}

TEST_CASE("Muon moves inner matrices alike in all directions and leaves the rest to AdamW") {
  at::Tensor inner = at::zeros({64, 64}), narrow = at::zeros({64, 8}), bias = at::zeros({64});
  const std::vector<Parameter> parameters = {
      {"a.weight", inner}, {"b.weight", narrow}, {"a.bias", bias}};
  Optimizer optimizer(parameters, {.method = "muon", .lr = 0.1, .warmup = 0}, 10);
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(uint64_t{4});
  const at::Tensor turn = std::get<0>(at::linalg_qr(at::randn({64, 64}, generator)));
  inner.mutable_grad() = (turn * at::logspace(-1, 0, 64)).mm(turn.t());
  narrow.mutable_grad() = at::ones({64, 8});
  bias.mutable_grad() = at::ones({64});
  optimizer.Step(0);
  const at::Tensor moved = at::linalg_svdvals(inner.detach()) / (0.1 * 0.2 * 8);
  CHECK(moved.min().item<double>() > 0.6);
  CHECK(moved.max().item<double>() < 1.3);
  CHECK(narrow.detach().add(0.1).abs().max().item<double>() == Approx(0).margin(1e-4));
  CHECK(bias.detach().add(0.1).abs().max().item<double>() == Approx(0).margin(1e-4));
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
