// What was just computed, and the functions in place of MuJoCo's.

#include "sim/solver_kernels.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "sim/block_jacobian.h"
#include "sim/cholesky.h"
#include "sim/column_blocks.h"
#include "sim/mujoco_own.h"

namespace vega {
namespace {

// A product that was made, by what it was made of.
struct Product {
  std::vector<mjtNum> from, result;
};

struct Memory {
  bool on = false;
  BlockJacobian jacobian;
  std::array<Product, 3> forward, transposed;  // the latest, in turn
  size_t next_forward = 0, next_transposed = 0;
  Product hessian;  // from the diagonal
  Product factor;   // from the matrix
  mjtNum factor_threshold = 0;
  int factor_rank = 0;
  std::vector<int> begin;  // (columns) where the factor's rows do
  Cholesky solver;
  long served = 0;

  bool Holds(const mjtNum* matrix, int nr, int nc) const {
    return on && jacobian.Is(matrix, nr, nc);
  }
};

Memory& Mine() {
  static thread_local Memory memory;
  return memory;
}

bool Same(const std::vector<mjtNum>& a, const mjtNum* b, size_t size) {
  return a.size() == size && std::memcmp(a.data(), b, size * sizeof(mjtNum)) == 0;
}

// the product of `from` among the latest, else a new one that `make` fills in
template <typename Make>
const std::vector<mjtNum>& Recall(std::array<Product, 3>& latest, size_t& next, const mjtNum* from,
                                  size_t size, size_t result_size, const Make& make) {
  for (const Product& product : latest) {
    if (Same(product.from, from, size)) return product.result;
  }
  Product& product = latest[next];
  next = (next + 1) % latest.size();
  product.from.assign(from, from + size);
  product.result.resize(result_size);
  make(product.result.data());
  return product.result;
}

}  // namespace

SolverKernels::SolverKernels(const mjModel& model, const mjData& data) {
  Memory& my = Mine();
  if (data.nefc == 0 || model.nv > kMaxColumns || mj_isSparse(&model)) return;
  my.jacobian.Find(model, data);
  for (Product& product : my.forward) product.from.clear();
  for (Product& product : my.transposed) product.from.clear();
  my.hessian.from.clear();
  my.factor.from.clear();
  my.on = true;
}

SolverKernels::~SolverKernels() { Mine().on = false; }

long SolverKernels::served() { return Mine().served; }

}  // namespace vega

// --- in place of MuJoCo's own
// ---------------------------------------------------------------------

void mju_mulMatVec(mjtNum* res, const mjtNum* mat, const mjtNum* vec, int nr, int nc) {
  vega::Memory& my = vega::Mine();
  if (!my.Holds(mat, nr, nc)) {
    static const auto original = vega::MujocoOwn<decltype(&mju_mulMatVec)>("mju_mulMatVec");
    return original(res, mat, vec, nr, nc);
  }
  ++my.served;
  const auto& product = vega::Recall(my.forward, my.next_forward, vec, nc, nr,
                                     [&](mjtNum* out) { my.jacobian.Multiply(vec, out); });
  std::copy(product.begin(), product.end(), res);
}

void mju_mulMatTVec(mjtNum* res, const mjtNum* mat, const mjtNum* vec, int nr, int nc) {
  vega::Memory& my = vega::Mine();
  if (!my.Holds(mat, nr, nc)) {
    static const auto original = vega::MujocoOwn<decltype(&mju_mulMatTVec)>("mju_mulMatTVec");
    return original(res, mat, vec, nr, nc);
  }
  ++my.served;
  const auto& product =
      vega::Recall(my.transposed, my.next_transposed, vec, nr, nc,
                   [&](mjtNum* out) { my.jacobian.MultiplyTransposed(vec, out); });
  std::copy(product.begin(), product.end(), res);
}

void mju_sqrMatTD(mjtNum* res, const mjtNum* mat, const mjtNum* diag, int nr, int nc) {
  vega::Memory& my = vega::Mine();
  if (diag == nullptr || !my.Holds(mat, nr, nc)) {
    static const auto original = vega::MujocoOwn<decltype(&mju_sqrMatTD)>("mju_sqrMatTD");
    return original(res, mat, diag, nr, nc);
  }
  ++my.served;
  if (!vega::Same(my.hessian.from, diag, nr)) {
    my.hessian.from.assign(diag, diag + nr);
    my.hessian.result.resize(size_t(nc) * nc);
    my.jacobian.MakeHessian(diag, my.hessian.result.data());
  }
  vega::CopyLower(my.hessian.result.data(), nc, nullptr, res);
}

int mju_cholFactor(mjtNum* mat, int n, mjtNum mindiag) {
  vega::Memory& my = vega::Mine();
  if (!my.on || n != my.jacobian.columns()) {
    static const auto original = vega::MujocoOwn<decltype(&mju_cholFactor)>("mju_cholFactor");
    return original(mat, n, mindiag);
  }
  ++my.served;
  const size_t size = size_t(n) * n;
  if (my.factor.from.size() == size && mindiag == my.factor_threshold &&
      vega::SameLower(my.factor.from.data(), mat, n)) {
    vega::CopyLower(my.factor.result.data(), n, &my.begin, mat);
    return my.factor_rank;
  }
  my.factor.from.resize(size);
  my.factor.result.resize(size);
  vega::CopyLower(mat, n, nullptr, my.factor.from.data());
  my.factor_threshold = mindiag;
  my.factor_rank = vega::Factorize(mat, n, mindiag, my.begin);
  vega::CopyLower(mat, n, &my.begin, my.factor.result.data());
  return my.factor_rank;
}

void mju_cholSolve(mjtNum* res, const mjtNum* mat, const mjtNum* vec, int n) {
  vega::Memory& my = vega::Mine();
  if (!my.on || n != my.jacobian.columns()) {
    static const auto original = vega::MujocoOwn<decltype(&mju_cholSolve)>("mju_cholSolve");
    return original(res, mat, vec, n);
  }
  ++my.served;
  if (res != vec) std::copy_n(vec, n, res);
  my.solver.Solve(mat, n, res);
}
