// What goes into a pack before anything is drawn: which steps of which demonstrations, in order,
// and which demonstrations are held out. A pack is a folder:
//
//   pack.json                what its numbers mean, statistics, where each sample comes from
//   shard-00000.safetensors  256 samples each, the last one fewer; rows in the pack's order
//
// Everything is keyed by the seed, the task and the state a demonstration starts from, so a
// demonstration gives the same samples whichever files it is packed with.

#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "sim/render_quality.h"
#include "tasks/dataset/hdf5_reader.h"

namespace vega {

inline constexpr int kLabelCell = 4;  // pixels, side of a cell of the label maps

struct PackOptions {
  std::vector<std::string> cameras = {"agentview", "robot0_eye_in_hand"};
  int size = 128;  // pixels, square; a multiple of kLabelCell
  RenderQuality quality = RenderQuality::kFast;
  int clip_length = 1;    // T, frames
  int clip_stride = 1;    // control steps between two of them
  int chunk_length = 16;  // K, actions
  int samples = 25;       // a demonstration, spread over it; 0: every `every`-th step instead
  int every = 0;
  // Of a demonstration with a takeover, whose samples begin there: with `samples`, the share of
  // them that lies within the demonstrator's first so many steps, where it undoes what the policy
  // did.
  double early_share = 0.5;
  int early_steps = 30;
  bool before_takeover = false;  // take the policy's steps too, and nothing more densely
  double held_out = 0.05;        // chance of a demonstration to be held out
  double camera_jitter = 0;      // m and rad: how far fixed cameras are moved and turned, a sample
  double light_jitter = 0;  // share by which lights are dimmed, brightened and tinted, a sample
  double recolour = 0;      // share of things painted anew, a sample, see Recolour
  uint64_t seed = 0;
  int shard_samples = 256;
  int workers = 0;  // threads; 0: as many as there are cores
};

// A demonstration of the pack.
struct PackEpisode {
  size_t source = 0;    // file
  size_t demo = 0;      // in it
  int task = 0;         // index into PackPlan::tasks
  int instruction = 0;  // index into PackPlan::instructions
  bool held_out = false;
  uint64_t key = 0;  // hash of its first state
};

struct PackSample {
  int episode = 0;  // index into PackPlan::episodes
  int64_t step = 0;
};

struct PackTask {
  std::string suite, name;
  bool operator==(const PackTask&) const = default;
};

struct PackPlan {
  std::vector<PackEpisode> episodes;  // in the order of files and demonstrations
  std::vector<PackSample> samples;    // by episode, then by step
  std::vector<PackTask> tasks;
  std::vector<std::string> instructions;
  std::vector<std::string> categories;  // of `segmentation`: the background, the robot, all others

  int shard_samples = 1;
  size_t shards() const { return (samples.size() + shard_samples - 1) / shard_samples; }
  // the samples of a shard: [first, second)
  std::pair<size_t, size_t> Range(size_t shard) const;
};

// Throws Error when options do not fit each other or a file names no task.
PackPlan PlanPack(const std::vector<Hdf5Reader>& sources, const PackOptions& options);

// The order is the same in every pack: background, robot, then LIBERO's categories by name.
std::vector<std::string> PackCategories();

// What the samples depend on, as JSON: options (not workers) and the sources' names, contracts and
// contents.
nlohmann::ordered_json PackConfig(const std::vector<Hdf5Reader>& sources,
                                  const PackOptions& options);

std::string ShardName(size_t shard);  // shard-00000.safetensors

}  // namespace vega
