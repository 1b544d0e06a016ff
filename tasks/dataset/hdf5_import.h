// Any demonstrations a reader can open, rewritten as a file of ours: pictures with row 0 at the
// top, each action beside the observation before it.

#pragma once

#include <filesystem>
#include <functional>

#include "tasks/dataset/hdf5_reader.h"

namespace vega {

// `reader` was opened to convert. Of each demonstration of a file with observations after the
// action, the first action is dropped: nothing was observed before it. `file` appears whole.
// `progress`, if set, is called after each demonstration. Throws Error.
void ImportHdf5(const Hdf5Reader& reader, const std::filesystem::path& file, int compression,
                const std::function<void(size_t done, size_t all)>& progress);

}  // namespace vega
