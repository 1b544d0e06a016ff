// One NumPy array out of a pickle, without running the pickle.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace vega {

// A two-dimensional float64 array as raw bytes.
struct PickledArray {
  int64_t rows = 0;
  int64_t columns = 0;
  std::string bytes;  // rows x columns little-endian float64, row-major
};

// Walks the few opcodes of pickle protocol 2 that a plain ndarray needs, with an allow-list of
// three names (numpy dtype, numpy multiarray _reconstruct, _codecs encode) that are recognised,
// never called. Everything else, and an array that is not C-ordered little-endian float64 of two
// dimensions, throws Error naming `source`.
PickledArray ReadArrayPickle(std::string_view pickle, const std::string& source);

}  // namespace vega
