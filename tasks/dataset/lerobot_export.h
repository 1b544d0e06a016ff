// Demonstrations to a LeRobot v3.0 data set: parquet tables of numbers, MP4 videos of pictures.
//
//   meta/info.json, meta/stats.json, meta/tasks.parquet
//   meta/episodes/chunk-000/file-000.parquet              one row an episode: where its data lies
//   data/chunk-000/file-000.parquet                       observation.state (8), action (7),
//   indices videos/observation.images.image/chunk-000/file-000.mp4   agentview; image2 is the wrist
//
// observation.state is ee_pos 3 (m), ee_ori 3 (rotation vector, rad), gripper_states 2 (m); action
// and its gripper (-1 opens, +1 closes) are as stored; of a file with action noise it is what was
// meant. The keys are those of the field's LIBERO
// data sets on the hub.

#pragma once

#include <filesystem>
#include <functional>

#include "tasks/dataset/hdf5_reader.h"

namespace vega {

struct LerobotOptions {
  std::string robot_type = "panda";
  int video_crf = 18;            // x264's quality, 0 (lossless) to 51
  int64_t file_megabytes = 100;  // of rows a data file holds before the next begins
  int64_t video_megabytes = 200;
  // if set: called after each episode
  std::function<void(size_t done, size_t all)> progress;
};

// `reader` hands out rows in our conventions and has pictures. `out` must not exist or be empty; it
// appears whole. Throws Error.
void ExportLerobot(const Hdf5Reader& reader, const std::filesystem::path& out,
                   const LerobotOptions& options = {});

}  // namespace vega
