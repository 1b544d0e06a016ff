// LIBERO's fixed initial states: rows of (time, qpos, qvel) from the published files.

#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace vega {

// Initial states, one row each.
using InitStates = std::vector<std::vector<double>>;

// Reads either form of the files: LIBERO-PRO's .npz (member states.npy) or LIBERO's .pruned_init (a
// torch.save archive of one pickled array, which is read as data and never run). `expected_width`
// is 1 + nq + nv of the task. Throws one Error that names the file for anything unsound: cut off,
// another dtype or shape, another width, a number that is not finite. An empty array
// gives no rows; LIBERO-PRO publishes three such files.
InitStates LoadInitStates(const std::filesystem::path& file, int expected_width);

// The same from memory; `source` names it in errors.
InitStates ParseInitStates(std::span<const std::byte> bytes, int expected_width,
                           const std::string& source);

}  // namespace vega
