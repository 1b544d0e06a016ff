// The names of Wan2.1's weights: the modules use the original checkpoints', diffusers has its own.

#pragma once

#include <string>

#include "agent/tensor_file.h"

namespace vega {

// Diffusers' name of an original one.
std::string DiffusersDitName(const std::string& original);
// `res_blocks` is VideoVaeOptions::num_res_blocks.
std::string DiffusersVaeName(const std::string& original, int64_t res_blocks);

// Whether a file's names are diffusers'.
bool HasDiffusersNames(const TensorMap& tensors);

}  // namespace vega
