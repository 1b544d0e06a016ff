// Named tensors to and from safetensors files, and strict weight loading.

#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace torch::nn {
class Module;
}

namespace vega {

using TensorMap = std::map<std::string, at::Tensor>;
using KeyMap = std::function<std::string(const std::string&)>;
using TensorMetadata = std::map<std::string, std::string>;

// Reads every tensor into memory of its own, on the CPU. Throws Error on an unreadable or malformed
// file and on a dtype torch does not have.
TensorMap ReadTensors(const std::filesystem::path& file);
// The same without reading anything yet: tensors are views of the mapped file, to be read only.
// Those that lie badly for their type are copied.
TensorMap MapTensors(const std::filesystem::path& file);
// Writes the file whole or not at all. Tensors may lie on any device and have any strides.
void WriteTensors(const std::filesystem::path& file, const TensorMap& tensors,
                  const TensorMetadata& metadata = {});

// Parameters and buffers of a module under their dotted keys; shares memory with the module.
TensorMap NamedTensors(const torch::nn::Module& module);

// Gives the module's parameters and buffers these values, converted to each one's dtype and device;
// where nothing is to be converted, the module shares memory with `tensors`. `rename` gives the
// name in `tensors` of a key of the module. With `strict`, tensors the module lacks are an error
// too. Throws Error that names the first tensor missing, left over, of another shape or not of
// floats where the model's are, how many there are, and `source`; the module is then unchanged.
void LoadTensors(torch::nn::Module& module, const TensorMap& tensors, const std::string& source,
                 const KeyMap& rename = {}, bool strict = true);

}  // namespace vega
