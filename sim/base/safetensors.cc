#include "sim/base/safetensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/base/file.h"

namespace vega {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

using Json = nlohmann::json;

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit
constexpr const char* kMetadataKey = "__metadata__";

struct DTypeInfo {
  DType dtype;
  std::string_view name;
  size_t bytes;
};
constexpr std::array<DTypeInfo, 13> kDTypes = {{
    {DType::kBool, "BOOL", 1},
    {DType::kU8, "U8", 1},
    {DType::kI8, "I8", 1},
    {DType::kU16, "U16", 2},
    {DType::kI16, "I16", 2},
    {DType::kF16, "F16", 2},
    {DType::kBF16, "BF16", 2},
    {DType::kU32, "U32", 4},
    {DType::kI32, "I32", 4},
    {DType::kF32, "F32", 4},
    {DType::kU64, "U64", 8},
    {DType::kI64, "I64", 8},
    {DType::kF64, "F64", 8},
}};

const DTypeInfo& Info(DType dtype) { return kDTypes[static_cast<size_t>(dtype)]; }

// product of the shape times the element size; false on a negative dimension or overflow
bool CheckedByteSize(DType dtype, const std::vector<int64_t>& shape, uint64_t* bytes) {
  *bytes = ByteSize(dtype);
  for (int64_t dim : shape) {
    if (dim < 0 || __builtin_mul_overflow(*bytes, static_cast<uint64_t>(dim), bytes)) return false;
  }
  return true;
}

// parses the header; a repeated key is an error, since JSON readers would disagree on which one
// counts
Json ParseHeader(std::string_view text, const std::string& source) {
  std::vector<std::set<std::string>> keys;
  bool repeated = false;
  auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key) {
      repeated |= !keys.back().insert(parsed.get<std::string>()).second;
    }
    return true;
  };
  Json header = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (header.is_discarded() || !header.is_object() || repeated) {
    throw Error(source + ": the safetensors header is not a JSON object with unique keys",
                "is the file cut or of another format?");
  }
  return header;
}

TensorView ParseTensor(const std::string& name, const Json& entry, std::span<const std::byte> data,
                       const std::string& source) {
  const auto fail = [&](const std::string& what) -> Error {
    return Error(fmt::format("{}: tensor \"{}\": {}", source, name, what),
                 "the file is corrupt; make it again");
  };
  const auto is_count = [](const Json& value) { return value.is_number_unsigned(); };
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") ||
      !entry["dtype"].is_string() || !entry.contains("shape") || !entry["shape"].is_array() ||
      !std::ranges::all_of(entry["shape"], is_count) || !entry.contains("data_offsets") ||
      !entry["data_offsets"].is_array() || entry["data_offsets"].size() != 2 ||
      !std::ranges::all_of(entry["data_offsets"], is_count)) {
    throw fail("entry is not {dtype, shape, data_offsets}");
  }
  const auto dtype_name = entry["dtype"].get<std::string>();
  const auto info = std::ranges::find(kDTypes, dtype_name, &DTypeInfo::name);
  if (info == kDTypes.end()) throw fail("unknown dtype " + dtype_name);
  TensorView view{info->dtype, entry["shape"].get<std::vector<int64_t>>(), {}};
  const auto begin = entry["data_offsets"][0].get<uint64_t>();
  const auto end = entry["data_offsets"][1].get<uint64_t>();
  uint64_t bytes = 0;
  if (!CheckedByteSize(view.dtype, view.shape, &bytes)) throw fail("shape is too large");
  if (begin > end || end > data.size()) {
    throw fail(fmt::format("data offsets [{}, {}) lie outside the {} data bytes", begin, end,
                           data.size()));
  }
  if (end - begin != bytes) {
    throw fail(fmt::format("data offsets span {} bytes but {} {} needs {}", end - begin, dtype_name,
                           view.shape, bytes));
  }
  view.bytes = data.subspan(begin, bytes);
  return view;
}

// the format allows neither holes nor overlaps
void CheckCoverage(const std::map<std::string, TensorView>& tensors,
                   std::span<const std::byte> data, const std::string& source) {
  std::vector<std::pair<const std::byte*, size_t>> spans;
  for (const auto& [name, tensor] : tensors) {
    if (!tensor.bytes.empty()) spans.emplace_back(tensor.bytes.data(), tensor.bytes.size());
  }
  std::ranges::sort(spans);
  const std::byte* expected = data.data();
  for (const auto& [begin, size] : spans) {
    if (begin != expected) break;
    expected += size;
  }
  if (expected != data.data() + data.size()) {
    throw Error(source + ": tensors overlap or leave holes in the data",
                "the file is corrupt; make it again");
  }
}

}  // namespace

size_t ByteSize(DType dtype) { return Info(dtype).bytes; }
std::string_view Name(DType dtype) { return Info(dtype).name; }

std::string Describe(const TensorView& tensor) {
  return fmt::format("{} {}", Name(tensor.dtype), tensor.shape);
}

SafetensorsFile SafetensorsFile::Open(const std::filesystem::path& file) {
  auto mapping = std::make_shared<const MappedFile>(file);
  SafetensorsFile result = Parse(mapping->bytes(), file.string());
  result.mapping_ = std::move(mapping);
  return result;
}

SafetensorsFile SafetensorsFile::Parse(std::span<const std::byte> memory,
                                       const std::string& source) {
  uint64_t header_bytes = 0;
  if (memory.size() >= sizeof header_bytes)
    std::memcpy(&header_bytes, memory.data(), sizeof header_bytes);
  if (memory.size() < sizeof header_bytes || header_bytes > kMaxHeaderBytes ||
      header_bytes > memory.size() - sizeof header_bytes) {
    throw Error(source + ": not a safetensors file: the header does not fit",
                "is the file cut or of another format?");
  }
  const auto* text = reinterpret_cast<const char*>(memory.data() + sizeof header_bytes);
  const auto data = memory.subspan(sizeof header_bytes + header_bytes);
  SafetensorsFile result;
  result.source_ = source;
  const Json header = ParseHeader({text, header_bytes}, source);
  for (const auto& [name, entry] : header.items()) {
    if (name != kMetadataKey) {
      result.tensors_.emplace(name, ParseTensor(name, entry, data, source));
      continue;
    }
    if (!entry.is_object() ||
        !std::ranges::all_of(entry, [](const Json& v) { return v.is_string(); })) {
      throw Error(source + ": __metadata__ is not a map of strings",
                  "the file is corrupt; make it again");
    }
    result.metadata_ = entry.get<std::map<std::string, std::string>>();
  }
  CheckCoverage(result.tensors_, data, source);
  return result;
}

const TensorView& SafetensorsFile::at(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found != tensors_.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [other, tensor] : tensors_) {
    if (names.size() == 8) break;
    names.push_back(other);
  }
  throw Error(fmt::format("{}: no tensor \"{}\"", source_, name),
              fmt::format("it holds {} tensors: {}{}", tensors_.size(), fmt::join(names, ", "),
                          names.size() < tensors_.size() ? ", ..." : ""));
}

template <typename T>
std::vector<T> SafetensorsFile::Values(const std::string& name) const {
  const TensorView& tensor = at(name);
  const size_t count = tensor.bytes.size() / ByteSize(tensor.dtype);
  std::vector<T> values(count);
  if (tensor.dtype == DTypeOf<T>()) {
    std::ranges::copy(tensor.bytes, std::as_writable_bytes(std::span(values)).begin());
    return values;
  }
  if (std::is_same_v<T, double> && tensor.dtype == DType::kF32) {
    std::vector<float> narrow(count);
    std::ranges::copy(tensor.bytes, std::as_writable_bytes(std::span(narrow)).begin());
    std::ranges::copy(narrow, values.begin());
    return values;
  }
  throw Error(fmt::format("{}: tensor \"{}\" is {}", source_, name, Describe(tensor)),
              fmt::format("{} is expected", Name(DTypeOf<T>())));
}
template std::vector<uint8_t> SafetensorsFile::Values(const std::string&) const;
template std::vector<int32_t> SafetensorsFile::Values(const std::string&) const;
template std::vector<int64_t> SafetensorsFile::Values(const std::string&) const;
template std::vector<float> SafetensorsFile::Values(const std::string&) const;
template std::vector<double> SafetensorsFile::Values(const std::string&) const;

void SafetensorsWriter::Add(const std::string& name, DType dtype, std::vector<int64_t> shape,
                            std::span<const std::byte> bytes) {
  uint64_t expected = 0;
  if (!CheckedByteSize(dtype, shape, &expected) || expected != bytes.size()) {
    throw Error(fmt::format("tensor \"{}\": {} bytes given, {} {} needs {}", name, bytes.size(),
                            Name(dtype), shape, expected));
  }
  tensors_[name] = {dtype, std::move(shape), bytes};
}

void SafetensorsWriter::Write(const std::filesystem::path& file) const {
  Json header = Json::object();
  if (!metadata_.empty()) header[kMetadataKey] = metadata_;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors_) {
    header[name] = {{"dtype", Name(tensor.dtype)},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // keeps the data 8-byte aligned
  const uint64_t header_bytes = text.size();
  AtomicFile out(file);
  out.Write(std::as_bytes(std::span(&header_bytes, 1)));
  out.Write(std::as_bytes(std::span(text)));
  for (const auto& [name, tensor] : tensors_) out.Write(tensor.bytes);
  out.Commit();
}

}  // namespace vega
