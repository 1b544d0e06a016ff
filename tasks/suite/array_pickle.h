// One NumPy array out of a pickle, without running the pickle.

#pragma once

#include <string>
#include <string_view>

#include "tasks/suite/npy.h"

namespace vega {

// Reads the pickle as inert values (sim/base/pickle.h), with an allow-list of the few names numpy
// writes for an ndarray; they are recognised, never called. Everything else, and an array that is
// not C-ordered little-endian float64 of two dimensions, throws Error naming `source`.
RawArray ReadArrayPickle(std::string_view pickle, const std::string& source);

}  // namespace vega
