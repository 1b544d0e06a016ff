// One NumPy array out of a pickle, without running the pickle.

#pragma once

#include <string>
#include <string_view>

#include "tasks/suite/npy.h"

namespace vega {

// Walks the few opcodes of pickle protocol 2 that a plain ndarray needs, with an allow-list of
// three names (numpy dtype, numpy multiarray _reconstruct, _codecs encode) that are recognised,
// never called. Everything else, and an array that is not C-ordered little-endian float64 of two
// dimensions, throws Error naming `source`.
RawArray ReadArrayPickle(std::string_view pickle, const std::string& source);

}  // namespace vega
