// One two-dimensional float64 array out of NumPy's own file format.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace vega {

// A two-dimensional float64 array as raw bytes; rows and columns are as claimed, not yet checked
// against the bytes.
struct RawArray {
  int64_t rows = 0;
  int64_t columns = 0;
  std::string bytes;  // rows x columns little-endian float64, row-major
};

// Reads a .npy of format 1.0 (numpy/lib/format.py), whose header numpy always writes in one form.
// The empty array of shape (0,) gives 0 x 0. Throws Error naming `source` for every other dtype,
// order and number of dimensions.
RawArray ReadNpy(std::string_view npy, const std::string& source);

}  // namespace vega
