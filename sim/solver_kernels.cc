// Products over the blocks of a Jacobian that are not zero.

#include "sim/solver_kernels.h"

#include <dlfcn.h>
#include <immintrin.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace vega {
namespace {

constexpr int kLanes = 4;         // numbers in a block, as MuJoCo sums them
constexpr int kMaxColumns = 256;  // 64 blocks, a bit each

struct Memory {
  bool on = false;
  const mjtNum* jacobian = nullptr;
  int rows = 0, columns = 0;
  std::vector<uint64_t> blocks;  // (rows) which whole blocks of the row hold a number

  std::vector<mjtNum> diagonal, hessian;     // of the last J^T D J; empty: none yet
  std::vector<mjtNum> factor_input, factor;  // of the last Cholesky factorization
  mjtNum factor_threshold = 0;
  int factor_rank = 0;
  long served = 0;

  bool Holds(const mjtNum* matrix, int nr, int nc) const {
    return on && matrix == jacobian && nr == rows && nc == columns;
  }
};

Memory& Mine() {
  static thread_local Memory memory;
  return memory;
}

// MuJoCo's own function of that name
template <typename Function>
Function Original(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

bool Same(const std::vector<mjtNum>& a, const mjtNum* b, size_t size) {
  return a.size() == size && std::memcmp(a.data(), b, size * sizeof(mjtNum)) == 0;
}

// the sum MuJoCo's dot product makes: lanes over whole blocks, then across, then the rest
__attribute__((target("avx"))) mjtNum Dot(const mjtNum* row, const mjtNum* vector, uint64_t blocks,
                                          int columns) {
  __m256d sum = _mm256_setzero_pd();
  for (uint64_t left = blocks; left; left &= left - 1) {
    const int at = kLanes * std::countr_zero(left);
    sum =
        _mm256_add_pd(sum, _mm256_mul_pd(_mm256_loadu_pd(row + at), _mm256_loadu_pd(vector + at)));
  }
  const __m128d pair = _mm_add_pd(_mm256_castpd256_pd128(sum), _mm256_extractf128_pd(sum, 1));
  mjtNum result = _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
  const int i = columns / kLanes * kLanes;
  switch (columns - i) {
    case 3:
      return result +
             (row[i] * vector[i] + row[i + 1] * vector[i + 1] + row[i + 2] * vector[i + 2]);
    case 2:
      return result + (row[i] * vector[i] + row[i + 1] * vector[i + 1]);
    case 1:
      return result + row[i] * vector[i];
    default:
      return result;
  }
}

// to += scale * row, over the blocks and the first `rest` numbers behind the whole ones
__attribute__((target("avx"))) void AddScaled(mjtNum* to, const mjtNum* row, mjtNum scale,
                                              uint64_t blocks, int columns) {
  const __m256d scales = _mm256_set1_pd(scale);
  for (uint64_t left = blocks; left; left &= left - 1) {
    const int at = kLanes * std::countr_zero(left);
    _mm256_storeu_pd(to + at, _mm256_add_pd(_mm256_loadu_pd(to + at),
                                            _mm256_mul_pd(_mm256_loadu_pd(row + at), scales)));
  }
  for (int i = columns / kLanes * kLanes; i < columns; ++i) to[i] += row[i] * scale;
}

// the lower triangle of J^T D J, then made symmetric
void MakeHessian(const Memory& my, const mjtNum* diagonal, mjtNum* hessian) {
  const int n = my.columns;
  std::memset(hessian, 0, sizeof(mjtNum) * n * n);
  const int whole = n / kLanes;
  for (int r = 0; r < my.rows; ++r) {
    if (diagonal[r] == 0) continue;
    const mjtNum* row = my.jacobian + size_t(r) * n;
    const auto add = [&](int i) {
      if (row[i] == 0) return;
      // whole blocks up to the one that holds i: what lands above the diagonal is overwritten below
      const int last = i / kLanes;
      const uint64_t below = last >= 63 ? ~uint64_t{0} : (uint64_t{2} << last) - 1;
      AddScaled(hessian + size_t(i) * n, row, row[i] * diagonal[r], my.blocks[r] & below,
                last < whole ? whole * kLanes : i + 1);
    };
    for (uint64_t left = my.blocks[r]; left; left &= left - 1) {
      const int at = kLanes * std::countr_zero(left);
      for (int i = at; i < at + kLanes; ++i) add(i);
    }
    for (int i = whole * kLanes; i < n; ++i) add(i);
  }
  for (int i = 0; i < n; ++i) {
    for (int j = i + 1; j < n; ++j) hessian[i * n + j] = hessian[j * n + i];
  }
}

}  // namespace

SolverKernels::SolverKernels(const mjModel& model, const mjData& data) {
  Memory& my = Mine();
  my.diagonal.clear();
  my.factor_input.clear();
  if (data.nefc == 0 || model.nv > kMaxColumns || mj_isSparse(&model)) return;
  my.jacobian = data.efc_J;
  my.rows = data.nefc;
  my.columns = model.nv;
  my.blocks.resize(my.rows);
  const int whole = my.columns / kLanes;
  for (int r = 0; r < my.rows; ++r) {
    const mjtNum* row = my.jacobian + size_t(r) * my.columns;
    uint64_t blocks = 0;
    for (int b = 0; b < whole; ++b) {
      const mjtNum* x = row + kLanes * b;
      if (x[0] != 0 || x[1] != 0 || x[2] != 0 || x[3] != 0) blocks |= uint64_t{1} << b;
    }
    my.blocks[r] = blocks;
  }
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
    static const auto original = vega::Original<decltype(&mju_mulMatVec)>("mju_mulMatVec");
    return original(res, mat, vec, nr, nc);
  }
  ++my.served;
  for (int r = 0; r < nr; ++r) res[r] = vega::Dot(mat + size_t(r) * nc, vec, my.blocks[r], nc);
}

void mju_mulMatTVec(mjtNum* res, const mjtNum* mat, const mjtNum* vec, int nr, int nc) {
  vega::Memory& my = vega::Mine();
  if (!my.Holds(mat, nr, nc)) {
    static const auto original = vega::Original<decltype(&mju_mulMatTVec)>("mju_mulMatTVec");
    return original(res, mat, vec, nr, nc);
  }
  ++my.served;
  std::memset(res, 0, sizeof(mjtNum) * nc);
  for (int r = 0; r < nr; ++r) {
    if (vec[r] != 0) vega::AddScaled(res, mat + size_t(r) * nc, vec[r], my.blocks[r], nc);
  }
}

void mju_sqrMatTD(mjtNum* res, const mjtNum* mat, const mjtNum* diag, int nr, int nc) {
  vega::Memory& my = vega::Mine();
  if (diag == nullptr || !my.Holds(mat, nr, nc)) {
    static const auto original = vega::Original<decltype(&mju_sqrMatTD)>("mju_sqrMatTD");
    return original(res, mat, diag, nr, nc);
  }
  ++my.served;
  if (!vega::Same(my.diagonal, diag, nr)) {
    my.hessian.resize(size_t(nc) * nc);
    vega::MakeHessian(my, diag, my.hessian.data());
    my.diagonal.assign(diag, diag + nr);
  }
  std::memcpy(res, my.hessian.data(), my.hessian.size() * sizeof(mjtNum));
}

int mju_cholFactor(mjtNum* mat, int n, mjtNum mindiag) {
  vega::Memory& my = vega::Mine();
  static const auto original = vega::Original<decltype(&mju_cholFactor)>("mju_cholFactor");
  const size_t size = size_t(n) * n;
  if (!my.on || n != my.columns) return original(mat, n, mindiag);
  if (mindiag != my.factor_threshold || !vega::Same(my.factor_input, mat, size)) {
    my.factor_input.assign(mat, mat + size);
    my.factor_threshold = mindiag;
    my.factor_rank = original(mat, n, mindiag);
    my.factor.assign(mat, mat + size);
    return my.factor_rank;
  }
  ++my.served;
  std::memcpy(mat, my.factor.data(), size * sizeof(mjtNum));
  return my.factor_rank;
}
