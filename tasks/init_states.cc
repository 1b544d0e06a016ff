// Both file forms come down to rows x columns little-endian float64.

#include "tasks/init_states.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "tasks/array_pickle.h"
#include "tasks/zip_archive.h"

namespace vega {
namespace {

static_assert(std::endian::native == std::endian::little);

// Removes `prefix` from the front of `text`, if it is there.
bool Skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool ReadNumber(std::string_view& text, int64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(end - text.data());
  return true;
}

// A .npy of format 1.0 (numpy/lib/format.py), whose header numpy always writes in this one form.
PickledArray ReadNpy(std::string_view npy, const std::string& source) {
  const Error wrong(source + " holds no two-dimensional float64 array",
                    "expected rows of time, qpos, qvel");
  if (!Skip(npy, std::string_view("\x93NUMPY\x01\x00", 8)) || npy.size() < 2) throw wrong;
  const size_t length = static_cast<unsigned char>(npy[0]) | static_cast<unsigned char>(npy[1])
                                                                 << 8;
  npy.remove_prefix(2);
  if (length > npy.size()) throw wrong;
  std::string_view header = npy.substr(0, length);
  npy.remove_prefix(length);

  PickledArray array;
  if (!Skip(header, "{'descr': '<f8', 'fortran_order': False, 'shape': (")) throw wrong;
  if (header.starts_with("0,), }")) return array;
  const bool known = ReadNumber(header, array.rows) && Skip(header, ", ") &&
                     ReadNumber(header, array.columns) && Skip(header, "), }");
  if (!known) throw wrong;
  array.bytes = npy;
  return array;
}

InitStates Rows(const PickledArray& array, int expected_width, const std::string& source) {
  if (array.rows == 0 && array.columns == 0 && array.bytes.empty()) return {};
  if (array.columns != expected_width) {
    throw Error(fmt::format("{} has {} numbers a row, the task needs {}", source, array.columns,
                            expected_width),
                "the file belongs to another task");
  }
  const size_t row_size = sizeof(double) * array.columns;
  if (array.rows < 1 || array.bytes.size() % row_size != 0 ||
      array.bytes.size() / row_size != static_cast<size_t>(array.rows)) {
    throw Error(
        fmt::format("{} says {} rows but holds {} bytes", source, array.rows, array.bytes.size()),
        "fetch the file again");
  }
  InitStates states(array.rows, std::vector<double>(array.columns));
  for (size_t r = 0; r < states.size(); ++r) {
    std::memcpy(states[r].data(), array.bytes.data() + r * row_size, row_size);
    for (double value : states[r]) {
      if (!std::isfinite(value)) {
        throw Error(fmt::format("{} has a number in row {} that is not finite", source, r),
                    "fetch the file again");
      }
    }
  }
  return states;
}

}  // namespace

InitStates ParseInitStates(std::span<const std::byte> bytes, int expected_width,
                           const std::string& source) {
  if (source.ends_with(".npz")) {
    return Rows(ReadNpy(ReadZipMember(bytes, "states.npy", source), source), expected_width,
                source);
  }
  return Rows(ReadArrayPickle(ReadZipMember(bytes, "data.pkl", source), source), expected_width,
              source);
}

InitStates LoadInitStates(const std::filesystem::path& file, int expected_width) {
  const MappedFile mapped(file);
  return ParseInitStates(mapped.bytes(), expected_width, file.string());
}

}  // namespace vega
