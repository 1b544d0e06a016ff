// Named tensors to and from safetensors files, and strict weight loading.

#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

namespace torch::nn {
class Module;
}

namespace vega {

using TensorMap = std::map<std::string, at::Tensor>;
using TensorMetadata = std::map<std::string, std::string>;

// Reads every tensor into memory of its own, on the CPU. Throws Error on an unreadable or malformed
// file and on a dtype torch does not have.
TensorMap ReadTensors(const std::filesystem::path& file);
// Writes the file whole or not at all. Tensors may lie on any device and have any strides.
void WriteTensors(const std::filesystem::path& file, const TensorMap& tensors,
                  const TensorMetadata& metadata = {});

// Parameters and buffers of a module under their dotted keys; shares memory with the module.
TensorMap NamedTensors(const torch::nn::Module& module);

// Copies `tensors` into the module's parameters and buffers, converting the dtype. `prefix` is put
// before each of the module's keys. With `strict`, tensors the module lacks are an error too.
// Throws Error that names the first tensor missing, left over or of another shape, how many there
// are, and `source`; the module is then unchanged.
void LoadTensors(torch::nn::Module& module, const TensorMap& tensors, const std::string& source,
                 const std::string& prefix = "", bool strict = true);

}  // namespace vega
