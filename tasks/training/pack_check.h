// Whether a pack holds what its pack.json says.

#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace vega {

// Looks at every tensor: shapes, types, counts, ranges, numbers that are not finite, indices beyond
// their lists, episodes that are both held out and not. One line a fault, naming shard and row.
// Throws Error when pack.json cannot be read. `progress` is called after each shard.
std::vector<std::string> CheckPack(const std::filesystem::path& folder,
                                   const std::function<void(size_t done, size_t all)>& progress);

}  // namespace vega
