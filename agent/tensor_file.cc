// Safetensors with torch tensors at the ends, and the strict match of names and shapes.

#include "agent/tensor_file.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "agent/shapes.h"
#include "sim/base/error.h"
#include "sim/base/safetensors.h"

namespace vega {
namespace {

constexpr std::pair<DType, at::ScalarType> kDTypes[] = {
    {DType::kBool, at::kBool}, {DType::kU8, at::kByte},   {DType::kI8, at::kChar},
    {DType::kI16, at::kShort}, {DType::kF16, at::kHalf},  {DType::kBF16, at::kBFloat16},
    {DType::kI32, at::kInt},   {DType::kF32, at::kFloat}, {DType::kI64, at::kLong},
    {DType::kF64, at::kDouble}};

at::ScalarType ToTorch(DType dtype, const std::string& where) {
  for (const auto& [file, torch] : kDTypes) {
    if (file == dtype) return torch;
  }
  throw Error(fmt::format("{}: dtype {} is not supported", where, Name(dtype)));
}

DType FromTorch(at::ScalarType dtype, const std::string& where) {
  for (const auto& [file, torch] : kDTypes) {
    if (torch == dtype) return file;
  }
  throw Error(fmt::format("{}: dtype {} cannot be written", where, c10::toString(dtype)));
}

// the first of `names` and how many there are: "'a.weight' and 3 more"
std::string Some(const std::vector<std::string>& names) {
  std::string text = "'" + names.front() + "'";
  if (names.size() > 1) text += fmt::format(" and {} more", names.size() - 1);
  return text;
}

}  // namespace

TensorMap ReadTensors(const std::filesystem::path& path) {
  const SafetensorsFile file = SafetensorsFile::Open(path);
  TensorMap tensors;
  for (const auto& [name, view] : file.tensors()) {
    const auto dtype = ToTorch(view.dtype, file.source() + ", tensor " + name);
    at::Tensor tensor = at::empty(view.shape, at::TensorOptions().dtype(dtype));
    if (!view.bytes.empty()) {
      std::memcpy(tensor.data_ptr(), view.bytes.data(), view.bytes.size());
    }
    tensors.emplace(name, std::move(tensor));
  }
  return tensors;
}

TensorMap MapTensors(const std::filesystem::path& path) {
  const auto file = std::make_shared<const SafetensorsFile>(SafetensorsFile::Open(path));
  TensorMap tensors;
  for (const auto& [name, view] : file->tensors()) {
    const auto dtype = ToTorch(view.dtype, file->source() + ", tensor " + name);
    const auto options = at::TensorOptions().dtype(dtype);
    if (view.bytes.empty()) {
      tensors.emplace(name, at::empty(view.shape, options));
      continue;
    }
    auto* data = const_cast<std::byte*>(view.bytes.data());
    if (reinterpret_cast<uintptr_t>(data) % ByteSize(view.dtype) == 0) {
      tensors.emplace(name, at::from_blob(
                                data, view.shape, [file](void*) {}, options));
    } else {
      at::Tensor copy = at::empty(view.shape, options);
      std::memcpy(copy.data_ptr(), data, view.bytes.size());
      tensors.emplace(name, std::move(copy));
    }
  }
  return tensors;
}

void WriteTensors(const std::filesystem::path& file, const TensorMap& tensors,
                  const TensorMetadata& metadata) {
  SafetensorsWriter writer;
  std::vector<at::Tensor> kept;  // the writer refers to their memory
  for (const auto& [name, tensor] : tensors) {
    kept.push_back(tensor.detach().cpu().contiguous());
    const at::Tensor& t = kept.back();
    writer.Add(name, FromTorch(t.scalar_type(), name), t.sizes().vec(),
               {static_cast<const std::byte*>(t.const_data_ptr()), t.nbytes()});
  }
  for (const auto& [key, value] : metadata) writer.SetMetadata(key, value);
  writer.Write(file);
}

TensorMap NamedTensors(const torch::nn::Module& module) {
  TensorMap tensors;
  for (const auto& entry : module.named_parameters()) tensors.emplace(entry.key(), entry.value());
  for (const auto& entry : module.named_buffers()) tensors.emplace(entry.key(), entry.value());
  return tensors;
}

void LoadTensors(torch::nn::Module& module, const TensorMap& tensors, const std::string& source,
                 const KeyMap& rename, bool strict) {
  TensorMap targets;
  for (auto& [key, target] : NamedTensors(module)) {
    targets.emplace(rename ? rename(key) : key, target);
  }
  std::vector<std::string> missing, extra;
  for (const auto& [name, target] : targets) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      missing.push_back(name);
    } else if (found->second.sizes() != target.sizes()) {
      throw Error(fmt::format("{}: tensor '{}' is {}, the model wants {}", source, name,
                              ShapeText(found->second.sizes()), ShapeText(target.sizes())));
    } else if (found->second.is_floating_point() != target.is_floating_point()) {
      throw Error(fmt::format("{}: tensor '{}' is {}, the model wants {}", source, name,
                              c10::toString(found->second.scalar_type()),
                              c10::toString(target.scalar_type())));
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (!targets.contains(name)) extra.push_back(name);
  }
  if (!missing.empty()) {
    throw Error(fmt::format("{}: tensor {} missing", source, Some(missing)),
                "were the weights saved by a model of other options?");
  }
  if (strict && !extra.empty()) {
    throw Error(fmt::format("{}: tensor {} not part of the model", source, Some(extra)),
                "were the weights saved by a model of other options?");
  }
  for (auto& [name, target] : targets) target.set_data(tensors.at(name).to(target.options()));
}

}  // namespace vega
