// Whatever the bytes, reading them as initial states ends in rows or in one vega::Error. The pickle
// is also fed directly, since a zip member's checksum would keep most inputs from it.

#include <cstddef>
#include <cstdint>

#include "sim/base/error.h"
#include "tasks/array_pickle.h"
#include "tasks/init_states.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    vega::ParseInitStates({reinterpret_cast<const std::byte*>(data), size}, 80, "fuzz");
  } catch (const vega::Error&) {
  }
  try {
    vega::ReadArrayPickle({reinterpret_cast<const char*>(data), size}, "fuzz");
  } catch (const vega::Error&) {
  }
  return 0;
}
