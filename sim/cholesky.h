// MuJoCo's dense Cholesky functions with the rows' zeros known: the same terms in the same order,
// but for zeros. Matrices are [n, n]; the lower triangle alone is read and written, as MuJoCo's do.

#pragma once

#include <mujoco/mujoco.h>

#include <vector>

namespace vega {

// Of each row from where `begin` says it does, where that is given.
void CopyLower(const mjtNum* from, int n, const std::vector<int>* begin, mjtNum* to);
bool SameLower(const mjtNum* a, const mjtNum* b, int n);

// The factor in place of the matrix, row by column; squares below `threshold` are raised to it. A
// row is zero up to where the matrix's row begins, which is put into `begin`, and so is its part of
// every product. Returns the rank.
int Factorize(mjtNum* matrix, int n, mjtNum threshold, std::vector<int>& begin);

// Solves L L^T x = b; keeps the memory it needs.
class Cholesky {
 public:
  // x: b, and then the solution.
  void Solve(const mjtNum* factor, int n, mjtNum* x);

 private:
  std::vector<int> begin_;  // of each row
  std::vector<int> last_;   // of each block of columns, the last row that has numbers in it
};

}  // namespace vega
