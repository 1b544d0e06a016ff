// Philox4x32-10 and what is drawn from it.

#include "sim/base/random.h"

#include <cmath>
#include <numbers>

#include "sim/base/hash.h"

namespace vega {
namespace {

// one round's two multiplications, high and low words mixed with the other two counters and the key
std::array<uint32_t, 4> Round(const std::array<uint32_t, 4>& c, const std::array<uint32_t, 2>& k) {
  const uint64_t a = uint64_t{0xD2511F53} * c[0];
  const uint64_t b = uint64_t{0xCD9E8D57} * c[2];
  return {static_cast<uint32_t>(b >> 32) ^ c[1] ^ k[0], static_cast<uint32_t>(b),
          static_cast<uint32_t>(a >> 32) ^ c[3] ^ k[1], static_cast<uint32_t>(a)};
}

}  // namespace

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    if (round > 0) {
      key[0] += 0x9E3779B9;  // golden ratio
      key[1] += 0xBB67AE85;  // sqrt(3) - 1
    }
    counter = Round(counter, key);
  }
  return counter;
}

RandomStream::RandomStream(uint64_t seed, std::string_view name, uint64_t index) {
  const uint64_t key = Hash64(name, Hash64(std::as_bytes(std::span(&seed, 1))));
  key_ = {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)};
  counter_ = {0, 0, static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32)};
  block_ = {};
}

uint32_t RandomStream::NextU32() {
  if (used_ == 4) {
    block_ = Philox4x32(counter_, key_);
    if (++counter_[0] == 0) ++counter_[1];
    used_ = 0;
  }
  return block_[used_++];
}

double RandomStream::Uniform() {
  const uint64_t high = NextU32() >> 5;  // 27 bits
  const uint64_t low = NextU32() >> 6;   // 26 bits
  return static_cast<double>((high << 26) | low) * 0x1p-53;
}

uint32_t RandomStream::Below(uint32_t n) {
  // refuse the last, incomplete run of n values
  const uint32_t limit = UINT32_MAX - UINT32_MAX % n;
  uint32_t value = NextU32();
  while (value >= limit) value = NextU32();
  return value % n;
}

double RandomStream::Normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * Uniform());
}

void RandomStream::FillNormal(std::span<float> out) {
  for (float& value : out) value = static_cast<float>(Normal());
}

}  // namespace vega
