// Tensors in files: a strict reader and an atomic writer of the safetensors format.
//
// Layout: u64 little-endian header length N; N bytes of JSON {name: {dtype, shape, data_offsets},
// "__metadata__": {string: string}}; then the data, row-major, little-endian, without holes. The
// format is described at github.com/huggingface/safetensors.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace vega {

enum class DType { kBool, kU8, kI8, kU16, kI16, kF16, kBF16, kU32, kI32, kF32, kU64, kI64, kF64 };

size_t ByteSize(DType dtype);
// The format's own name, e.g. "F32".
std::string_view Name(DType dtype);

template <typename T>
constexpr DType DTypeOf();
template <>
constexpr DType DTypeOf<uint8_t>() {
  return DType::kU8;
}
template <>
constexpr DType DTypeOf<int32_t>() {
  return DType::kI32;
}
template <>
constexpr DType DTypeOf<int64_t>() {
  return DType::kI64;
}
template <>
constexpr DType DTypeOf<float>() {
  return DType::kF32;
}
template <>
constexpr DType DTypeOf<double>() {
  return DType::kF64;
}

// A tensor in a mapped file; valid while the file object lives. `bytes` may be misaligned for its
// type.
struct TensorView {
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
};

// "F64 [60, 7]"
std::string Describe(const TensorView& tensor);

class SafetensorsFile {
 public:
  // Maps a file. Throws Error when it cannot be read or is not a well-formed safetensors file.
  static SafetensorsFile Open(const std::filesystem::path& file);
  // Reads from memory, which must outlive the result. `source` names it in errors.
  static SafetensorsFile Parse(std::span<const std::byte> memory, const std::string& source);

  bool Has(const std::string& name) const { return tensors_.contains(name); }
  // Throws Error naming the tensors there are.
  const TensorView& at(const std::string& name) const;
  // The values of a numeric tensor as T. Throws Error when `name` is missing or its dtype is
  // neither T nor, for T = double, F32.
  template <typename T>
  std::vector<T> Values(const std::string& name) const;

  const std::map<std::string, TensorView>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::string& source() const { return source_; }

 private:
  std::shared_ptr<const void> mapping_;
  std::map<std::string, TensorView> tensors_;
  std::map<std::string, std::string> metadata_;
  std::string source_;
};

// Collects tensors by reference to the caller's memory and writes them at once.
class SafetensorsWriter {
 public:
  // `bytes` must stay valid until Write. Throws Error when its size does not fit dtype and shape.
  void Add(const std::string& name, DType dtype, std::vector<int64_t> shape,
           std::span<const std::byte> bytes);
  template <typename T>
  void Add(const std::string& name, std::vector<int64_t> shape, const std::vector<T>& values) {
    Add(name, DTypeOf<T>(), std::move(shape), std::as_bytes(std::span(values)));
  }
  void SetMetadata(const std::string& key, const std::string& value) { metadata_[key] = value; }
  // Writes aside, flushes to disk and renames, so the file is whole or absent. Throws Error.
  void Write(const std::filesystem::path& file) const;

 private:
  std::map<std::string, TensorView> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace vega
