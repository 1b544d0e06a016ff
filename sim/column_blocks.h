// Columns of MuJoCo's dense matrices in blocks of four, as many numbers as it sums at a time.

#pragma once

#include <immintrin.h>
#include <mujoco/mujoco.h>

#include <bit>
#include <cstdint>

namespace vega {

inline constexpr int kLanes = 4;         // columns in a block
inline constexpr int kMaxColumns = 256;  // 64 blocks, a bit each

// A bit for each block of columns in which the Jacobian of a body may hold a number: its own
// degrees of freedom and those of the bodies it hangs on. At most kMaxColumns columns.
inline uint64_t ColumnBlocks(const mjModel& model, int body) {
  while (body && !model.body_dofnum[body]) body = model.body_parentid[body];
  uint64_t blocks = 0;
  if (!body) return blocks;
  int i = model.body_dofadr[body] + model.body_dofnum[body] - 1;
  for (; i >= 0; i = model.dof_parentid[i]) blocks |= uint64_t{1} << (i / kLanes);
  return blocks;
}

// Calls visit with the first column of each block.
template <typename Visit>
inline void ForEachBlock(uint64_t blocks, const Visit& visit) {
  for (; blocks; blocks &= blocks - 1) visit(kLanes * std::countr_zero(blocks));
}

// The sum over a block's lanes in the order MuJoCo adds them in.
inline mjtNum SumOfLanes(__m256d lanes) {
  const __m128d pair = _mm_add_pd(_mm256_castpd256_pd128(lanes), _mm256_extractf128_pd(lanes, 1));
  return _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
}

}  // namespace vega
