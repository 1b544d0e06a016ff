// Training on samples small enough to learn in seconds: a coloured square on grey in clips that
// become brighter, and the action that moves towards it.

#pragma once

#include <ATen/ATen.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/checkpoint.h"
#include "agent/tensor_file.h"
#include "agent/train/trainer.h"
#include "sim/base/random.h"

namespace vega {

inline constexpr int kSize = 32;  // pixels
inline constexpr int kCells = 8;  // of segmentation, along a side
inline constexpr int kChunk = 4;
inline constexpr int kSamples = 48;

// a folder that is gone afterwards
class Scratch {
 public:
  Scratch()
      : folder_(std::filesystem::temp_directory_path() /
                ("vega_train_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~Scratch() { std::filesystem::remove_all(folder_); }
  std::filesystem::path operator/(const char* name) const { return folder_ / name; }
  const std::filesystem::path& path() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

inline nlohmann::json PackJson() {
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

inline void WritePack(const std::filesystem::path& folder, const nlohmann::json& json = PackJson(),
                      double bad_action = 0) {
  std::filesystem::create_directories(folder);
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
    for (int t = 0; t < 5; ++t) {
      at::Tensor frame = frames.select(2, t);
      frame.copy_(frame.to(at::kFloat) * (0.5 + 0.125 * t));
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

inline nlohmann::json SmallAgent() {
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

inline StageOptions StageNamed(const std::string& name, int64_t steps) {
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
  std::map<std::string, double> Evaluate(const std::filesystem::path& checkpoint,
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
  std::filesystem::path data;
  int threads = 1;

  bool operator()(Watcher& watcher, bool resume = false) const {
    return Train({.recipe = recipe, .data = data, .resume = resume, .threads = threads}, watcher,
                 watcher.stop);
  }
};

inline Run RunOf(const Scratch& scratch, const char* out, std::vector<StageOptions> stages) {
  Run run;
  run.recipe.name = "squares";
  run.recipe.seed = 5;
  run.recipe.agent = SmallAgent();
  run.recipe.out = (scratch / out).string();
  run.recipe.stages = std::move(stages);
  run.data = scratch.path();
  return run;
}

inline bool SameBytes(const std::filesystem::path& a, const std::filesystem::path& b) {
  const TensorMap x = ReadTensors(a), y = ReadTensors(b);
  if (x.size() != y.size()) return false;
  for (const auto& [name, tensor] : x) {
    if (!y.contains(name) || !at::equal(tensor, y.at(name))) return false;
  }
  return true;
}

}  // namespace vega
