// A 64-bit hash of bytes, the same on every machine and in every build.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace vega {

inline constexpr uint64_t kHashSeed = 0xcbf29ce484222325u;

// FNV-1a (Fowler, Noll, Vo) over `bytes`; pass the last result as `seed` to continue. For identity,
// not for security.
uint64_t Hash64(std::span<const std::byte> bytes, uint64_t seed = kHashSeed);
uint64_t Hash64(std::string_view text, uint64_t seed = kHashSeed);

// Another hash, for megabytes: eight bytes a step, as fast as memory. Little-endian machines only.
uint64_t FastHash64(std::span<const std::byte> bytes, uint64_t seed = kHashSeed);

}  // namespace vega
