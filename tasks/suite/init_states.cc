// Both file forms come down to rows x columns little-endian float64.

#include "tasks/suite/init_states.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/zip_archive.h"
#include "tasks/suite/array_pickle.h"
#include "tasks/suite/npy.h"

namespace vega {
namespace {

static_assert(std::endian::native == std::endian::little);

InitStates Rows(const RawArray& array, int expected_width, const std::string& source) {
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
