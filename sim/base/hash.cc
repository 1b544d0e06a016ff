// FNV-1a.

#include "sim/base/hash.h"

namespace vega {

uint64_t Hash64(std::span<const std::byte> bytes, uint64_t seed) {
  uint64_t hash = seed;
  for (std::byte byte : bytes) {
    hash ^= static_cast<uint64_t>(byte);
    hash *= 0x100000001b3u;
  }
  return hash;
}

uint64_t Hash64(std::string_view text, uint64_t seed) {
  return Hash64(std::as_bytes(std::span(text)), seed);
}

}  // namespace vega
