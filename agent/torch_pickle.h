// Tensors of a PyTorch checkpoint (.pth, .pt, .bin), without running its pickle.

#pragma once

#include <filesystem>

#include "agent/tensor_file.h"

namespace vega {

// Reads a zip checkpoint of PyTorch 1.6 or newer that holds a tensor or a dictionary of tensors,
// such as a state_dict; a bare tensor is named "tensor". The pickle is read as inert values with an
// allow-list of the names torch writes for tensors; nothing in it is executed. Tensors are views of
// the mapped file, to be read only. Throws Error for anything else.
TensorMap MapTorchPickle(const std::filesystem::path& file);

}  // namespace vega
