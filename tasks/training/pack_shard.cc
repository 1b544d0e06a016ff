#include "tasks/training/pack_shard.h"

#include <algorithm>

#include "sim/base/safetensors.h"
#include "tasks/dataset/statistics.h"

namespace vega {
namespace {

template <typename T, typename Range>
void Append(std::vector<T>& to, const Range& values) {
  for (const auto value : values) to.push_back(static_cast<T>(value));
}

}  // namespace

void PackShard::Add(const Hdf5Reader& reader, const PackSample& sample,
                    const PaintedSample& painted) {
  const PackEpisode& episode = plan_.episodes[sample.episode];
  const int64_t steps = reader.demos()[episode.demo].steps;
  const int64_t there = std::min<int64_t>(options_.chunk_length, steps - sample.step);
  const std::vector<Action> labels = reader.Labels(episode.demo, sample.step, there);
  for (int64_t k = 0; k < options_.chunk_length; ++k) {
    Action padding{};
    padding[6] = labels.back()[6];
    Append(actions_, k < there ? labels[k] : padding);
    valid_.push_back(k < there);
  }
  Append(proprio_, ProprioRows(reader, episode.demo, sample.step, 1));
  Append(points_, painted.points);
  Append(frames_, painted.frames);
  for (const LabelMaps& maps : painted.maps) {
    Append(segmentation_, maps.segmentation);
    Append(roles_, maps.roles);
  }
  instruction_.push_back(episode.instruction);
  task_.push_back(episode.task);
  episode_.push_back(sample.episode);
  step_.push_back(static_cast<int32_t>(sample.step));
  held_out_.push_back(episode.held_out);
  ++n_;
}

void PackShard::Write(const std::filesystem::path& file) const {
  const auto cameras = static_cast<int64_t>(options_.cameras.size());
  const int64_t size = options_.size, side = size / kLabelCell, chunk = options_.chunk_length;
  SafetensorsWriter writer;
  writer.Add("frames", {n_, cameras, options_.clip_length, size, size, 3}, frames_);
  writer.Add("segmentation", {n_, cameras, side, side}, segmentation_);
  writer.Add("roles", {n_, cameras, side, side}, roles_);
  writer.Add("points", {n_, static_cast<int64_t>(LabelPoints().size())}, points_);
  writer.Add("proprio", {n_, kProprioSize}, proprio_);
  writer.Add("actions", {n_, chunk, 7}, actions_);
  writer.Add("valid", {n_, chunk}, valid_);
  writer.Add("instruction", {n_}, instruction_);
  writer.Add("task", {n_}, task_);
  writer.Add("episode", {n_}, episode_);
  writer.Add("step", {n_}, step_);
  writer.Add("held_out", {n_}, held_out_);
  writer.Write(file);
}

}  // namespace vega
