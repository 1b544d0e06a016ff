// Columns of MuJoCo's dense matrices in blocks of four, as many numbers as it sums at a time.

#pragma once

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

}  // namespace vega
