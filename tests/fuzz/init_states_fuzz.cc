// Whatever the bytes, reading them as initial states ends in rows or in one vega::Error. The pickle
// and the npy are also fed directly, since a zip member's checksum would keep most inputs from
// them.

#include <cstddef>
#include <cstdint>

#include "sim/base/error.h"
#include "tasks/suite/array_pickle.h"
#include "tasks/suite/init_states.h"
#include "tasks/suite/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    vega::ParseInitStates({reinterpret_cast<const std::byte*>(data), size}, 80, "fuzz");
  } catch (const vega::Error&) {
  }
  try {
    vega::ParseInitStates({reinterpret_cast<const std::byte*>(data), size}, 80, "fuzz.npz");
  } catch (const vega::Error&) {
  }
  try {
    vega::ReadNpy({reinterpret_cast<const char*>(data), size}, "fuzz");
  } catch (const vega::Error&) {
  }
  try {
    vega::ReadArrayPickle({reinterpret_cast<const char*>(data), size}, "fuzz");
  } catch (const vega::Error&) {
  }
  return 0;
}
