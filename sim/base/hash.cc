// FNV-1a.

#include "sim/base/hash.h"

#include <array>
#include <bit>
#include <cstring>

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

uint64_t FastHash64(std::span<const std::byte> bytes, uint64_t seed) {
  constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio
  constexpr size_t kLanes = 8;
  std::array<uint64_t, kLanes> lanes;
  for (size_t i = 0; i < kLanes; ++i) lanes[i] = seed + i * kMultiplier;
  size_t at = 0;
  for (; at + 8 * kLanes <= bytes.size(); at += 8 * kLanes) {
    std::array<uint64_t, kLanes> words;
    std::memcpy(words.data(), bytes.data() + at, sizeof words);
    for (size_t i = 0; i < kLanes; ++i) {
      lanes[i] = (lanes[i] ^ words[i]) * kMultiplier;
      lanes[i] ^= lanes[i] >> 29;
    }
  }
  uint64_t hash = Hash64(bytes.subspan(at), seed ^ bytes.size());
  for (const uint64_t lane : lanes) hash = (std::rotl(hash, 23) ^ lane) * kMultiplier;
  return hash ^ (hash >> 32);
}

}  // namespace vega
