// The trainer: stages in a row, each a loop of batch, loss, gradients, update; its state on disk,
// so that a run that was stopped ends with the same bytes as one that never was (CPU, same
// threads).
//
//   OUT/recipe.json       what is trained
//   OUT/metrics.jsonl     one line a report: stage, step, scalars
//   OUT/events.out.*      the same and pictures, for TensorBoard
//   OUT/00-vae/state.safetensors   weights, averages and moments while the stage runs
//   OUT/00-vae/model/     the whole agent after the stage: a checkpoint folder
//   OUT/model/            the same after the last stage
//   OUT/features/         frozen features, see shard_cache.h; runs may share a folder of them

#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <string>

#include "agent/train/recipe.h"

namespace vega {

struct TrainOptions {
  Recipe recipe;
  std::filesystem::path data;  // folder that the recipe's packs lie in
  bool resume = false;         // go on where OUT stands; without it OUT must not hold a run
  int threads = 0;             // that share a step; 0: the machine's
  std::string device = "cpu";  // see agent/device.h
  std::filesystem::path features = {};  // folder of frozen features; empty: OUT/features
};

struct TrainProgress {
  int stage = 0, stages = 0;  // counted from 0
  std::string name;           // of the stage
  int64_t step = 0, steps = 0;
  int64_t started_at = 0;  // step this process began the stage at
  double samples_per_s = 0;
  std::map<std::string, double> scalars;
};

// What the program around the trainer does for it.
class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  virtual void Say(const std::string& line) = 0;
  virtual void Report(const TrainProgress& progress) = 0;
  // Plays episodes with a checkpoint; success rates in [0,1] by name.
  virtual std::map<std::string, double> Evaluate(const std::filesystem::path& checkpoint,
                                                 const EvaluationPlan& plan) = 0;
};

// Runs the recipe's stages. When `stop` turns true, saves and returns false. Throws Error; when a
// loss is not finite the batch is kept beside the stage's state, which stays as last saved.
bool Train(const TrainOptions& options, TrainObserver& observer, const std::atomic<bool>& stop);

}  // namespace vega
