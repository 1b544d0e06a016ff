// Whatever the text, parsing it as BDDL ends in a problem or in one vega::Error.

#include <cstddef>
#include <cstdint>

#include "sim/base/error.h"
#include "tasks/bddl/bddl.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    vega::ParseBddl({reinterpret_cast<const char*>(data), size}, "fuzz");
  } catch (const vega::Error&) {
  }
  return 0;
}
