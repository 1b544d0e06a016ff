// Statistics of a data set's actions and proprioception, as trainers normalise by them.

#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "tasks/dataset/hdf5_reader.h"

namespace vega {

// Of each column of an (N,W) array; quantiles interpolate linearly between neighbours, as numpy
// does; std is that of the population.
struct ColumnStatistics {
  std::vector<double> min, max, mean, std, q01, q10, q50, q90, q99;  // (W)
  int64_t count = 0;                                                 // N
};
ColumnStatistics Columns(std::span<const double> values, int64_t width);

// Proprioception of OpenVLA-OFT and openpi: ee_pos 3, ee_ori 3 (rotation vector), gripper_states 2.
inline constexpr int kProprioSize = 8;
std::vector<double> ProprioRows(const Hdf5Reader& reader, size_t demo, int64_t first,
                                int64_t count);  // (count, 8)

// {"NAME": {"action": {mean, std, max, min, q01, q99, mask}, "proprio": ..., "num_transitions",
// "num_trajectories"}}, the layout of OpenVLA's dataset_statistics.json. `mask`: the gripper is not
// normalised. Steps before a takeover are left out. Throws Error when the file cannot be read or
// holds a number that is not finite.
nlohmann::ordered_json DatasetStatistics(const Hdf5Reader& reader, const std::string& name);

}  // namespace vega
