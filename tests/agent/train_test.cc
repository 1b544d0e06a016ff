// Training on samples small enough to learn in seconds: a coloured square on grey, and the action
// that moves towards it.

#include <ATen/ATen.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
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
#include "agent/train/stage.h"
#include "agent/train/trainer.h"
#include "agent/vega_agent.h"
#include "sim/base/error.h"
#include "sim/base/random.h"

namespace vega {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

constexpr int kSize = 32;  // pixels
constexpr int kCells = 8;  // of segmentation, along a side
constexpr int kChunk = 4;
constexpr int kSamples = 48;

// a folder that is gone afterwards
class Scratch {
 public:
  Scratch() : folder_(fs::temp_directory_path() / ("vega_train_" + std::to_string(getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Scratch() { fs::remove_all(folder_); }
  fs::path operator/(const char* name) const { return folder_ / name; }
  const fs::path& path() const { return folder_; }

 private:
  fs::path folder_;
};

nlohmann::json PackJson() {
  return {{"format", "vega-pack-1"},
          {"cameras", {"agentview", "robot0_eye_in_hand"}},
          {"image_size", kSize},
          {"orientation", "row-0-top"},
          {"render_quality", "fast"},
          {"clip_length", 5},
          {"clip_stride", 1},
          {"chunk_length", kChunk},
          {"proprio",
           {{{"key", "eef_pos"}, {"size", 3}, {"unit", "m"}},
            {{"key", "eef_axis_angle"}, {"size", 3}, {"unit", "rad"}},
            {{"key", "gripper_qpos"}, {"size", 2}, {"unit", "m"}}}},
          {"proprio_q01", std::vector<double>(8, -1.0)},
          {"proprio_q99", std::vector<double>(8, 1.0)},
          {"action_q01", std::vector<double>(7, -1.0)},
          {"action_q99", std::vector<double>(7, 1.0)},
          {"categories", {"background", "red_square"}},
          {"instructions", {"touch the square", "avoid the square"}},
          {"tasks", {{{"suite", "squares"}, {"name", "touch"}}}},
          {"samples", kSamples},
          {"shards", {"shard-00000.safetensors", "shard-00001.safetensors"}}};
}

void WritePack(const fs::path& folder, const nlohmann::json& json = PackJson(),
               double bad_action = 0) {
  fs::create_directories(folder);
  std::ofstream(folder / "pack.json") << json.dump();
  RandomStream random(3, "squares");
  for (int shard = 0; shard < 2; ++shard) {
    const int n = kSamples / 2;
    at::Tensor frames = at::full({n, 2, 5, kSize, kSize, 3}, 128, at::kByte);
    at::Tensor cells = at::zeros({n, 2, kCells, kCells}, at::kByte);
    at::Tensor actions = at::zeros({n, kChunk, 7});
    at::Tensor instruction = at::zeros({n}, at::kInt);
    at::Tensor held_out = at::zeros({n}, at::kByte);
    at::Tensor points = at::full({n, 9}, std::numeric_limits<float>::quiet_NaN());
    for (int i = 0; i < n; ++i) {
      const auto row = static_cast<int>(random.Below(kCells)),
                 column = static_cast<int>(random.Below(kCells));
      const bool avoid = i % 2 == 1;
      for (int camera = 0; camera < 2; ++camera) {
        cells[i][camera][row][column] = 1;
        const int side = kSize / kCells;
        frames[i][camera]
            .narrow(1, row * side, side)
            .narrow(2, column * side, side)
            .copy_(at::tensor({220, 20, 20}, at::kByte));
      }
      const double x = (column - 3.5) / 4, y = (row - 3.5) / 4;
      actions[i].select(1, 0).fill_(avoid ? -x : x);
      actions[i].select(1, 1).fill_(avoid ? -y : y);
      actions[i].select(1, 6).fill_(avoid ? -1 : 1);
      instruction[i] = avoid ? 1 : 0;
      held_out[i] = i % 8 == 0;
      points[i].narrow(0, 0, 3).copy_(at::tensor({x, y, 0.0}));
    }
    if (bad_action != 0) actions[5].fill_(bad_action);
    WriteTensors(folder / ("shard-0000" + std::to_string(shard) + ".safetensors"),
                 {{"frames", frames},
                  {"segmentation", cells},
                  {"roles", cells},
                  {"points", points},
                  {"proprio", at::zeros({n, 8})},
                  {"actions", actions},
                  {"valid", at::ones({n, kChunk}, at::kByte)},
                  {"instruction", instruction},
                  {"task", at::zeros({n}, at::kInt)},
                  {"episode", at::arange(n, at::kInt)},
                  {"step", at::zeros({n}, at::kInt)},
                  {"held_out", held_out}});
  }
}

nlohmann::json SmallAgent() {
  return {{"model",
           {{"height", kSize},
            {"width", kSize},
            {"frames", "independent"},
            {"grid", 4},
            {"block", 1},
            {"vae",
             {{"dim", 4},
              {"z_dim", 4},
              {"num_res_blocks", 1},
              {"latents_mean", {0, 0, 0, 0}},
              {"latents_std", {1, 1, 1, 1}},
              {"decoder", true}}},
            {"dit",
             {{"dim", 24},
              {"ffn_dim", 32},
              {"freq_dim", 16},
              {"num_heads", 2},
              {"num_layers", 2},
              {"in_dim", 4},
              {"out_dim", 4},
              {"patch_size", {1, 1, 1}}}},
            {"semantic",
             {{"image_size", kSize},
              {"patch_size", 8},
              {"hidden_size", 32},
              {"intermediate_size", 64},
              {"num_heads", 2},
              {"num_layers", 2}}},
            {"fusion", {{"dim", 32}}}}},
          {"head",
           {{"dim", 32},
            {"ffn_dim", 64},
            {"num_heads", 2},
            {"num_layers", 2},
            {"token_dim", 32},
            {"num_tokens", 16},
            {"chunk_length", kChunk}}},
          {"contract", {{"chunk_length", kChunk}, {"image_size", kSize}}}};
}

StageOptions StageNamed(const std::string& name, int64_t steps) {
  StageOptions stage;
  stage.stage = name;
  stage.packs = {"squares"};
  stage.batch = 8;
  stage.steps = steps;
  stage.report_every = 5;
  stage.validate_every = steps;
  stage.validation_batches = 1;
  stage.save_every = 7;
  stage.optimizer = {.lr = 3e-3, .warmup = 5, .ema = 0.9};
  return stage;
}

// Keeps what the trainer says; can stop it after some reports.
class Watcher : public TrainObserver {
 public:
  void Say(const std::string& line) override { said += line + "\n"; }
  void Report(const TrainProgress& progress) override {
    losses.push_back(progress.scalars.at("loss"));
    if (static_cast<int>(losses.size()) == stop_after) stop = true;
  }
  std::map<std::string, double> Evaluate(const fs::path& checkpoint,
                                         const EvaluationPlan&) override {
    evaluated.push_back(ReadCheckpointConfig(checkpoint).contract.image_size);
    return {{"success/squares", 0.5}};
  }

  std::string said;
  std::vector<double> losses;
  std::vector<int> evaluated;
  std::atomic<bool> stop = false;
  int stop_after = 0;
};

struct Run {
  Recipe recipe;
  fs::path data;

  bool operator()(Watcher& watcher, bool resume = false) const {
    return Train({.recipe = recipe, .data = data, .resume = resume, .threads = 1}, watcher,
                 watcher.stop);
  }
};

Run RunOf(const Scratch& scratch, const char* out, std::vector<StageOptions> stages) {
  Run run;
  run.recipe.name = "squares";
  run.recipe.seed = 5;
  run.recipe.agent = SmallAgent();
  run.recipe.out = (scratch / out).string();
  run.recipe.stages = std::move(stages);
  run.data = scratch.path();
  return run;
}

// mean of the first or the last `count`
double Mean(const std::vector<double>& values, int count, bool last) {
  const at::Tensor all = at::tensor(values, at::kDouble);
  return (last ? all.slice(0, -count) : all.slice(0, 0, count)).mean().item<double>();
}

bool SameBytes(const fs::path& a, const fs::path& b) {
  const TensorMap x = ReadTensors(a), y = ReadTensors(b);
  if (x.size() != y.size()) return false;
  for (const auto& [name, tensor] : x) {
    if (!y.contains(name) || !at::equal(tensor, y.at(name))) return false;
  }
  return true;
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
  const std::vector<StageOptions> stages = {StageNamed("semantic", 20), StageNamed("policy", 30)};
  Watcher whole;
  REQUIRE(RunOf(scratch, "whole", stages)(whole));
  const Run run = RunOf(scratch, "parts", stages);
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

TEST_CASE("every fusion method and control trains") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  for (const char* method : {"add", "only", "weighted", "concat", "gated", "token_gated_residual",
                             "instruction_token_gated", "cross_attention", "paper"}) {
    INFO(method);
    Run run = RunOf(scratch, method, {StageNamed("policy", 5)});
    run.recipe.agent["model"]["fusion"]["method"] = method;
    Watcher watcher;
    CHECK(run(watcher));
  }
  for (const char* features : {"random-init", "noise-only"}) {
    INFO(features);
    Run run = RunOf(scratch, features, {StageNamed("policy", 5)});
    run.recipe.stages[0].policy.features = features;
    Watcher watcher;
    CHECK(run(watcher));
    const auto folder = scratch / features / "model";
    CHECK(ReadCheckpointConfig(folder).model.tower ==
          (std::string(features) == "noise-only" ? "noise-only" : "world-model"));
  }
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
