#include "tasks/suite/npy.h"

#include <charconv>

#include "sim/base/error.h"

namespace vega {
namespace {

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

}  // namespace

RawArray ReadNpy(std::string_view npy, const std::string& source) {
  const Error wrong(source + " holds no two-dimensional float64 array",
                    "expected rows of time, qpos, qvel");
  if (!Skip(npy, std::string_view("\x93NUMPY\x01\x00", 8)) || npy.size() < 2) throw wrong;
  const size_t length = static_cast<unsigned char>(npy[0]) | static_cast<unsigned char>(npy[1])
                                                                 << 8;
  npy.remove_prefix(2);
  if (length > npy.size()) throw wrong;
  std::string_view header = npy.substr(0, length);
  npy.remove_prefix(length);

  RawArray array;
  if (!Skip(header, "{'descr': '<f8', 'fortran_order': False, 'shape': (")) throw wrong;
  if (header.starts_with("0,), }")) return array;
  const bool known = ReadNumber(header, array.rows) && Skip(header, ", ") &&
                     ReadNumber(header, array.columns) && Skip(header, "), }");
  if (!known) throw wrong;
  array.bytes = npy;
  return array;
}

}  // namespace vega
