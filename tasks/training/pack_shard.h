// One shard of a pack in memory: its tensors, row by row.

#pragma once

#include <filesystem>
#include <vector>

#include "tasks/training/episode_painter.h"
#include "tasks/training/pack_plan.h"

namespace vega {

// n samples, each tensor row-major:
//   frames        u8  (n, cameras, T, size, size, 3)        row 0 top, oldest frame first
//   segmentation  u8  (n, cameras, size/4, size/4)          index into the categories
//   roles         u8  (n, cameras, size/4, size/4)          bits of Role
//   points        f32 (n, 9)                                LabelPoints
//   proprio       f32 (n, 8)   eef_pos 3, eef_axis_angle 3, gripper_qpos 2, as policies are given
//   actions       f32 (n, K, 7), valid u8 (n, K)            labels of steps t to t + K - 1; past
//   the
//                                                           end, invalid, a no-op that keeps the
//                                                           grip
//   instruction, task, episode, step  i32 (n), held_out u8 (n)
class PackShard {
 public:
  PackShard(const PackOptions& options, const PackPlan& plan) : options_(options), plan_(plan) {}

  void Add(const Hdf5Reader& reader, const PackSample& sample, const PaintedSample& painted);
  // Writes aside, then renames. Throws Error.
  void Write(const std::filesystem::path& file) const;

 private:
  const PackOptions& options_;
  const PackPlan& plan_;
  int64_t n_ = 0;
  std::vector<uint8_t> frames_, segmentation_, roles_, valid_, held_out_;
  std::vector<float> points_, proprio_, actions_;
  std::vector<int32_t> instruction_, task_, episode_, step_;
};

}  // namespace vega
