#include "sim/block_jacobian.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "sim/column_blocks.h"

namespace vega {
namespace {

constexpr int kMaxGroup = 4;  // rows

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

bool IsContact(int type) {
  return type == mjCNSTR_CONTACT_FRICTIONLESS || type == mjCNSTR_CONTACT_PYRAMIDAL ||
         type == mjCNSTR_CONTACT_ELLIPTIC;
}

}  // namespace

// J v. Each sum as MuJoCo's dot product makes it: lanes over whole blocks, then across, then the
// rest.
template <int kCount>
inline void BlockJacobian::MultiplyGroup(const Group& group, const mjtNum* vector,
                                         mjtNum* result) const {
  const int n = columns_;
  const mjtNum* rows = numbers_ + size_t(group.row) * n;
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
    mjtNum sum = SumOfLanes(sums[r]);
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
inline void BlockJacobian::AddGroup(const Group& group, const mjtNum* forces,
                                    mjtNum* result) const {
  const int n = columns_;
  const mjtNum* rows = numbers_ + size_t(group.row) * n;
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

void BlockJacobian::Multiply(const mjtNum* vector, mjtNum* result) const {
  for (const Group& group : groups_) {
    WithCount(group.count, [&](auto n) { MultiplyGroup<n>(group, vector, result); });
  }
}

void BlockJacobian::MultiplyTransposed(const mjtNum* forces, mjtNum* result) const {
  std::memset(result, 0, sizeof(mjtNum) * columns_);
  for (const Group& group : groups_) {
    const mjtNum* f = forces + group.row;
    if (std::all_of(f, f + group.count, [](mjtNum x) { return x == 0; })) continue;
    WithCount(group.count, [&](auto n) { AddGroup<n>(group, forces, result); });
  }
}

// row i of the lower triangle of J^T D J, what one group adds to it. Blocks are added whole: what
// lands above the diagonal means nothing
inline void BlockJacobian::AddHessianRow(const Group& group, const mjtNum* diagonal, int i,
                                         mjtNum* hessian) const {
  const int n = columns_, whole = n / kLanes * kLanes;
  const mjtNum* rows = numbers_ + size_t(group.row) * n;
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

void BlockJacobian::MakeHessian(const mjtNum* diagonal, mjtNum* hessian) const {
  const int n = columns_;
  std::memset(hessian, 0, sizeof(mjtNum) * n * n);
  for (const Group& group : groups_) {
    const mjtNum* d = diagonal + group.row;
    if (std::all_of(d, d + group.count, [](mjtNum x) { return x == 0; })) continue;
    ForEachBlock(group.blocks, [&](int at) {
      for (int i = at; i < at + kLanes; ++i) AddHessianRow(group, diagonal, i, hessian);
    });
    if (!group.rest) continue;
    for (int i = n / kLanes * kLanes; i < n; ++i) AddHessianRow(group, diagonal, i, hessian);
  }
}

// of the rows from r on that belong to one contact of two geoms; false for any other row
bool BlockJacobian::AddContact(const mjModel& model, const mjData& data, int& r) {
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
    groups_.push_back(group);
  }
  return true;
}

void BlockJacobian::Find(const mjModel& model, const mjData& data) {
  numbers_ = data.efc_J;
  rows_ = data.nefc;
  columns_ = model.nv;
  groups_.clear();
  const int n = columns_, whole = n / kLanes;
  const __m256d zero = _mm256_setzero_pd();
  for (int r = 0; r < rows_;) {
    if (AddContact(model, data, r)) continue;
    const mjtNum* row = numbers_ + size_t(r) * n;
    Group group{.row = r, .count = 1};
    for (int b = 0; b < whole; ++b) {
      const __m256d differs = _mm256_cmp_pd(_mm256_loadu_pd(row + kLanes * b), zero, _CMP_NEQ_UQ);
      group.blocks |= uint64_t{_mm256_movemask_pd(differs) != 0} << b;
    }
    for (int i = kLanes * whole; i < n; ++i) group.rest |= row[i] != 0;
    ++r;
    Group* last = groups_.empty() ? nullptr : &groups_.back();
    if (last && last->count < kMaxGroup && last->blocks == group.blocks &&
        last->rest == group.rest) {
      ++last->count;
    } else {
      groups_.push_back(group);
    }
  }
}

}  // namespace vega
