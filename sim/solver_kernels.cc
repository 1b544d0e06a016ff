// Products over the blocks of a Jacobian that are not zero.

#include "sim/solver_kernels.h"

#include <dlfcn.h>
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "sim/step_kernels.h"

namespace vega {
namespace {

constexpr int kLanes = 4;         // numbers in a block, as MuJoCo sums them
constexpr int kMaxGroup = 4;      // rows
constexpr int kMaxColumns = 256;  // 64 blocks, a bit each

// Rows one after another that hold numbers in the same places: a contact's.
struct Group {
  int row = 0, count = 0;  // count <= kMaxGroup
  uint64_t blocks = 0;     // which whole blocks hold a number
  bool rest = false;       // whether the columns behind the whole blocks do
};

// A product that was made, by what it was made of.
struct Product {
  std::vector<mjtNum> from, result;
};

struct Memory {
  bool on = false;
  const mjtNum* jacobian = nullptr;
  int rows = 0, columns = 0;
  std::vector<Group> groups;

  std::array<Product, 3> forward, transposed;  // the latest, in turn
  size_t next_forward = 0, next_transposed = 0;
  Product hessian;  // from the diagonal
  Product factor;   // from the matrix
  mjtNum factor_threshold = 0;
  int factor_rank = 0;
  std::vector<int> begin;         // (columns) where the factor's rows do
  std::vector<int> begin_solved;  // the same of the factor that was last solved with
  std::vector<int> last;          // a block of columns: the last row that has numbers in it
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

template <typename Visit>
inline void ForEachBlock(uint64_t blocks, const Visit& visit) {
  for (; blocks; blocks &= blocks - 1) visit(kLanes * std::countr_zero(blocks));
}

// J v. Each sum as MuJoCo's dot product makes it: lanes over whole blocks, then across, then the
// rest.
template <int kCount>
inline void MultiplyGroup(const Memory& my, const Group& group, const mjtNum* vector,
                          mjtNum* result) {
  const int n = my.columns;
  const mjtNum* rows = my.jacobian + size_t(group.row) * n;
  __m256d sums[kCount];
  for (int r = 0; r < kCount; ++r) sums[r] = _mm256_setzero_pd();
  ForEachBlock(group.blocks, [&](int at) {
    const __m256d v = _mm256_loadu_pd(vector + at);
    for (int r = 0; r < kCount; ++r) {
      sums[r] = _mm256_add_pd(sums[r], _mm256_mul_pd(_mm256_loadu_pd(rows + r * n + at), v));
    }
  });
  const int i = n / kLanes * kLanes, left = n - i;
  for (int r = 0; r < kCount; ++r) {
    const __m128d pair =
        _mm_add_pd(_mm256_castpd256_pd128(sums[r]), _mm256_extractf128_pd(sums[r], 1));
    mjtNum sum = _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
    if (group.rest) {
      const mjtNum* x = rows + r * n + i;
      mjtNum rest = x[0] * vector[i];
      for (int k = 1; k < left; ++k) rest += x[k] * vector[i + k];
      sum += rest;
    }
    result[group.row + r] = sum;
  }
}

// adds J^T f to `result`, row after row
template <int kCount>
inline void AddGroup(const Memory& my, const Group& group, const mjtNum* forces, mjtNum* result) {
  const int n = my.columns;
  const mjtNum* rows = my.jacobian + size_t(group.row) * n;
  __m256d scales[kCount];
  for (int r = 0; r < kCount; ++r) scales[r] = _mm256_set1_pd(forces[group.row + r]);
  ForEachBlock(group.blocks, [&](int at) {
    __m256d sum = _mm256_loadu_pd(result + at);
    for (int r = 0; r < kCount; ++r) {
      sum = _mm256_add_pd(sum, _mm256_mul_pd(_mm256_loadu_pd(rows + r * n + at), scales[r]));
    }
    _mm256_storeu_pd(result + at, sum);
  });
  if (!group.rest) return;
  for (int i = n / kLanes * kLanes; i < n; ++i) {
    for (int r = 0; r < kCount; ++r) result[i] += rows[r * n + i] * forces[group.row + r];
  }
}

// calls visit with the group's number of rows as a constant
template <typename Visit>
inline void WithCount(int count, const Visit& visit) {
  using std::integral_constant;
  switch (count) {
    case 1:
      return visit(integral_constant<int, 1>());
    case 2:
      return visit(integral_constant<int, 2>());
    case 3:
      return visit(integral_constant<int, 3>());
    default:
      return visit(integral_constant<int, kMaxGroup>());
  }
}

void Multiply(const Memory& my, const mjtNum* vector, mjtNum* result) {
  for (const Group& group : my.groups) {
    WithCount(group.count, [&](auto n) { MultiplyGroup<n>(my, group, vector, result); });
  }
}

void MultiplyTransposed(const Memory& my, const mjtNum* forces, mjtNum* result) {
  std::memset(result, 0, sizeof(mjtNum) * my.columns);
  for (const Group& group : my.groups) {
    const mjtNum* f = forces + group.row;
    if (std::all_of(f, f + group.count, [](mjtNum x) { return x == 0; })) continue;
    WithCount(group.count, [&](auto n) { AddGroup<n>(my, group, forces, result); });
  }
}

// row i of the lower triangle of J^T D J, what one group adds to it. Blocks are added whole: what
// lands above the diagonal means nothing
inline void AddHessianRow(const Memory& my, const Group& group, const mjtNum* diagonal, int i,
                          mjtNum* hessian) {
  const int n = my.columns, whole = n / kLanes * kLanes;
  const mjtNum* rows = my.jacobian + size_t(group.row) * n;
  mjtNum* to = hessian + size_t(i) * n;
  __m256d scales[kMaxGroup];
  mjtNum scale[kMaxGroup];
  bool any = false;
  for (int r = 0; r < group.count; ++r) {
    scale[r] = rows[r * n + i] * diagonal[group.row + r];
    scales[r] = _mm256_set1_pd(scale[r]);
    any |= scale[r] != 0;
  }
  if (!any) return;
  const int last = i / kLanes;
  const uint64_t below = last >= 63 ? ~uint64_t{0} : (uint64_t{2} << last) - 1;
  ForEachBlock(group.blocks & below, [&](int at) {
    __m256d sum = _mm256_loadu_pd(to + at);
    for (int r = 0; r < group.count; ++r) {
      sum = _mm256_add_pd(sum, _mm256_mul_pd(_mm256_loadu_pd(rows + r * n + at), scales[r]));
    }
    _mm256_storeu_pd(to + at, sum);
  });
  for (int k = whole; k <= i; ++k) {
    for (int r = 0; r < group.count; ++r) to[k] += rows[r * n + k] * scale[r];
  }
}

void MakeHessian(const Memory& my, const mjtNum* diagonal, mjtNum* hessian) {
  const int n = my.columns;
  std::memset(hessian, 0, sizeof(mjtNum) * n * n);
  for (const Group& group : my.groups) {
    const mjtNum* d = diagonal + group.row;
    if (std::all_of(d, d + group.count, [](mjtNum x) { return x == 0; })) continue;
    ForEachBlock(group.blocks, [&](int at) {
      for (int i = at; i < at + kLanes; ++i) AddHessianRow(my, group, diagonal, i, hessian);
    });
    if (!group.rest) continue;
    for (int i = n / kLanes * kLanes; i < n; ++i) AddHessianRow(my, group, diagonal, i, hessian);
  }
}

// the first `n` terms of a dot product, of which those before the block at `from` are zero
inline mjtNum DotFrom(const mjtNum* a, const mjtNum* b, int from, int n) {
  __m256d lanes = _mm256_setzero_pd();
  int i = from;
  for (; i + kLanes <= n; i += kLanes) {
    lanes = _mm256_add_pd(lanes, _mm256_mul_pd(_mm256_loadu_pd(a + i), _mm256_loadu_pd(b + i)));
  }
  const __m128d pair = _mm_add_pd(_mm256_castpd256_pd128(lanes), _mm256_extractf128_pd(lanes, 1));
  const mjtNum sum = _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
  if (i >= n) return sum;
  mjtNum rest = a[i] * b[i];
  for (++i; i < n; ++i) rest += a[i] * b[i];
  return sum + rest;
}

// the first block of each row of a lower triangle that holds a number
void FindBegins(const mjtNum* matrix, int n, std::vector<int>& begin) {
  begin.resize(n);
  const __m256d zero = _mm256_setzero_pd();
  for (int i = 0; i < n; ++i) {
    const mjtNum* row = matrix + size_t(i) * n;
    int first = 0;
    while (first + kLanes <= i && _mm256_movemask_pd(_mm256_cmp_pd(_mm256_loadu_pd(row + first),
                                                                   zero, _CMP_NEQ_UQ)) == 0) {
      first += kLanes;
    }
    begin[i] = first;
  }
}

// MuJoCo's Cholesky functions read and write the lower triangle only, from `begin` of a row where
// that is given.
void CopyLower(const mjtNum* from, int n, const std::vector<int>* begin, mjtNum* to) {
  for (int i = 0; i < n; ++i) {
    const size_t row = size_t(i) * n, first = begin ? (*begin)[i] : 0;
    std::memcpy(to + row + first, from + row + first, sizeof(mjtNum) * (i + 1 - first));
  }
}

bool SameLower(const mjtNum* a, const mjtNum* b, int n) {
  for (int i = 0; i < n; ++i) {
    const size_t row = size_t(i) * n;
    if (std::memcmp(a + row, b + row, sizeof(mjtNum) * (i + 1)) != 0) return false;
  }
  return true;
}

// The Cholesky factor in the lower triangle, row by column as MuJoCo does it. A row is zero up to
// where the matrix's row begins, and so is its part of every product. Returns the rank.
int Factorize(mjtNum* matrix, int n, mjtNum threshold, std::vector<int>& begin) {
  FindBegins(matrix, n, begin);
  int rank = n;
  for (int j = 0; j < n; ++j) {
    mjtNum* row = matrix + size_t(j) * n;
    mjtNum square = row[j];
    if (j > 0) square -= DotFrom(row, row, begin[j], j);
    if (square < threshold) {
      square = threshold;
      --rank;
    }
    row[j] = std::sqrt(square);
    const mjtNum inverse = 1 / row[j];
    for (int i = j + 1; i < n; ++i) {
      if (begin[i] > j) continue;
      mjtNum* below = matrix + size_t(i) * n;
      below[j] = (below[j] - DotFrom(below, row, std::max(begin[i], begin[j]), j)) * inverse;
    }
  }
  return rank;
}

// Solves L L^T x = b in place, L in the lower triangle; the terms in MuJoCo's order, but for those
// where L is zero.
void Solve(Memory& my, const mjtNum* factor, int n, mjtNum* x) {
  FindBegins(factor, n, my.begin_solved);
  const std::vector<int>& begin = my.begin_solved;
  my.last.assign(n / kLanes + 1, 0);
  for (int i = 0; i < n; ++i) {
    for (int block = begin[i] / kLanes; block <= i / kLanes; ++block) my.last[block] = i;
    const mjtNum* row = factor + size_t(i) * n;
    if (i > 0) x[i] -= DotFrom(row, x, begin[i], i);
    x[i] /= row[i];
  }
  for (int i = n - 1; i >= 0; --i) {
    mjtNum value = x[i];
    for (int j = i + 1; j <= my.last[i / kLanes]; ++j) {
      if (begin[j] <= i) value -= factor[size_t(j) * n + i] * x[j];
    }
    x[i] = value / factor[size_t(i) * n + i];
  }
}

bool IsContact(int type) {
  return type == mjCNSTR_CONTACT_FRICTIONLESS || type == mjCNSTR_CONTACT_PYRAMIDAL ||
         type == mjCNSTR_CONTACT_ELLIPTIC;
}

// of the rows from r on that belong to one contact of two geoms; false for any other row
bool AddContact(const mjModel& model, const mjData& data, int& r, std::vector<Group>& groups) {
  if (!IsContact(data.efc_type[r])) return false;
  const int id = data.efc_id[r];
  const mjContact& contact = data.contact[id];
  if (contact.geom[0] < 0 || contact.geom[1] < 0) return false;
  const uint64_t blocks = ColumnBlocks(model, model.geom_bodyid[contact.geom[0]]) |
                          ColumnBlocks(model, model.geom_bodyid[contact.geom[1]]);
  const int whole = model.nv / kLanes;
  const uint64_t rest = whole < 64 ? uint64_t{1} << whole : 0;
  Group group{.blocks = blocks & ~rest, .rest = (blocks & rest) != 0};
  while (r < data.nefc && IsContact(data.efc_type[r]) && data.efc_id[r] == id) {
    group.row = r;
    group.count = 0;
    while (group.count < kMaxGroup && r < data.nefc && IsContact(data.efc_type[r]) &&
           data.efc_id[r] == id) {
      ++group.count;
      ++r;
    }
    groups.push_back(group);
  }
  return true;
}

void FindGroups(const mjModel& model, const mjData& data, Memory& my) {
  my.groups.clear();
  const int n = my.columns, whole = n / kLanes;
  const __m256d zero = _mm256_setzero_pd();
  for (int r = 0; r < my.rows;) {
    if (AddContact(model, data, r, my.groups)) continue;
    const mjtNum* row = my.jacobian + size_t(r) * n;
    Group group{.row = r, .count = 1};
    for (int b = 0; b < whole; ++b) {
      const __m256d differs = _mm256_cmp_pd(_mm256_loadu_pd(row + kLanes * b), zero, _CMP_NEQ_UQ);
      group.blocks |= uint64_t{_mm256_movemask_pd(differs) != 0} << b;
    }
    for (int i = kLanes * whole; i < n; ++i) group.rest |= row[i] != 0;
    ++r;
    Group* last = my.groups.empty() ? nullptr : &my.groups.back();
    if (last && last->count < kMaxGroup && last->blocks == group.blocks &&
        last->rest == group.rest) {
      ++last->count;
    } else {
      my.groups.push_back(group);
    }
  }
}

}  // namespace

SolverKernels::SolverKernels(const mjModel& model, const mjData& data) {
  Memory& my = Mine();
  if (data.nefc == 0 || model.nv > kMaxColumns || mj_isSparse(&model)) return;
  my.jacobian = data.efc_J;
  my.rows = data.nefc;
  my.columns = model.nv;
  FindGroups(model, data, my);
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
    static const auto original = vega::Original<decltype(&mju_mulMatVec)>("mju_mulMatVec");
    return original(res, mat, vec, nr, nc);
  }
  ++my.served;
  const auto& product = vega::Recall(my.forward, my.next_forward, vec, nc, nr,
                                     [&](mjtNum* out) { vega::Multiply(my, vec, out); });
  std::copy(product.begin(), product.end(), res);
}

void mju_mulMatTVec(mjtNum* res, const mjtNum* mat, const mjtNum* vec, int nr, int nc) {
  vega::Memory& my = vega::Mine();
  if (!my.Holds(mat, nr, nc)) {
    static const auto original = vega::Original<decltype(&mju_mulMatTVec)>("mju_mulMatTVec");
    return original(res, mat, vec, nr, nc);
  }
  ++my.served;
  const auto& product = vega::Recall(my.transposed, my.next_transposed, vec, nr, nc,
                                     [&](mjtNum* out) { vega::MultiplyTransposed(my, vec, out); });
  std::copy(product.begin(), product.end(), res);
}

void mju_sqrMatTD(mjtNum* res, const mjtNum* mat, const mjtNum* diag, int nr, int nc) {
  vega::Memory& my = vega::Mine();
  if (diag == nullptr || !my.Holds(mat, nr, nc)) {
    static const auto original = vega::Original<decltype(&mju_sqrMatTD)>("mju_sqrMatTD");
    return original(res, mat, diag, nr, nc);
  }
  ++my.served;
  if (!vega::Same(my.hessian.from, diag, nr)) {
    my.hessian.from.assign(diag, diag + nr);
    my.hessian.result.resize(size_t(nc) * nc);
    vega::MakeHessian(my, diag, my.hessian.result.data());
  }
  vega::CopyLower(my.hessian.result.data(), nc, nullptr, res);
}

int mju_cholFactor(mjtNum* mat, int n, mjtNum mindiag) {
  vega::Memory& my = vega::Mine();
  if (!my.on || n != my.columns) {
    static const auto original = vega::Original<decltype(&mju_cholFactor)>("mju_cholFactor");
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
  if (!my.on || n != my.columns) {
    static const auto original = vega::Original<decltype(&mju_cholSolve)>("mju_cholSolve");
    return original(res, mat, vec, n);
  }
  ++my.served;
  if (res != vec) std::copy_n(vec, n, res);
  vega::Solve(my, mat, n, res);
}
