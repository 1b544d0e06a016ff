// Counter-based random streams: one seed, many named streams, the same numbers whatever the number
// of workers.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace vega {

// One block of Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC
// 2011).
std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// A stream of numbers that is a pure function of (seed, name, index): Philox4x32, keyed by a
// hash of the name and the seed.
class RandomStream {
 public:
  RandomStream(uint64_t seed, std::string_view name, uint64_t index = 0);

  uint32_t NextU32();
  double Uniform();  // [0, 1), 53 bits
  double Uniform(double lo, double hi) { return lo + (hi - lo) * Uniform(); }
  uint32_t Below(uint32_t n);  // 0 <= result < n, n >= 1, unbiased
  double Normal();             // mean 0, variance 1 (Box-Muller)
  void FillNormal(std::span<float> out);

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;  // block number (2 words), index (2 words)
  std::array<uint32_t, 4> block_;    // current block's output
  int used_ = 4;                     // words of block_ already given out
};

}  // namespace vega
