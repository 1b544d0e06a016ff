// Weights wherever they come from: a safetensors file, shards of one, or a PyTorch checkpoint.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "agent/tensor_file.h"

namespace vega {

struct Weights {
  TensorMap tensors;   // views of mapped files, to be read only
  std::string source;  // names the file or the index in errors
};

// The weights in `path`, by its name: .safetensors, .index.json (shards beside it), or .pth, .pt
// and .bin (PyTorch). Throws Error, also where index and shards do not fit each other.
Weights OpenWeights(const std::filesystem::path& path);

// The first of `names` that is in `folder`, for OpenWeights; for NAME.safetensors also
// NAME.safetensors.index.json. Throws Error naming the folder and what was looked for.
std::filesystem::path FindWeights(const std::filesystem::path& folder,
                                  const std::vector<std::string>& names);

}  // namespace vega
