// Demonstrations on disk and the window: one to play back, and an episode of the window to keep.

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/renderer.h"
#include "viewer/snapshot.h"

namespace vega {

// A demonstration of an HDF5 file of ours or of LIBERO's.
struct RecordedEpisode {
  std::shared_ptr<const Task> task;
  std::string instruction;
  std::vector<std::vector<double>> states;  // (T) of (1+nq+nv)
  ResetPlacement placement;                 // of the fixtures, which states leave out
};

// Throws Error for a file that is no data set or damaged, and where it has no such episode.
RecordedEpisode ReadEpisode(const std::filesystem::path& file, int episode);

// Writes an episode as `vega collect` would, with pictures of both cameras, 128 px: the states and
// actions as they were, pictures drawn anew. `history` by step, from 0. Throws Error.
void WriteEpisode(const Task& task, const std::vector<SnapshotPtr>& history,
                  const std::string& policy, Renderer& renderer, const std::filesystem::path& file);

}  // namespace vega
