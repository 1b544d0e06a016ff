// Whatever the bytes, reading them as safetensors ends in tensors or in one vega::Error.

#include <cstddef>
#include <cstdint>

#include "sim/base/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto file =
        vega::SafetensorsFile::Parse({reinterpret_cast<const std::byte*>(data), size}, "fuzz");
    unsigned sum = 0;
    for (const auto& [name, tensor] : file.tensors()) {
      for (const std::byte byte : tensor.bytes) sum += static_cast<unsigned>(byte);
    }
    [[maybe_unused]] static volatile unsigned sink;
    sink = sum;
  } catch (const vega::Error&) {
  }
  return 0;
}
