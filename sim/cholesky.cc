#include "sim/cholesky.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "sim/column_blocks.h"

namespace vega {
namespace {

// the first `n` terms of a dot product, of which those before the block at `from` are zero
inline mjtNum DotFrom(const mjtNum* a, const mjtNum* b, int from, int n) {
  __m256d lanes = _mm256_setzero_pd();
  int i = from;
  for (; i + kLanes <= n; i += kLanes) {
    lanes = _mm256_add_pd(lanes, _mm256_mul_pd(_mm256_loadu_pd(a + i), _mm256_loadu_pd(b + i)));
  }
  const mjtNum sum = SumOfLanes(lanes);
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

}  // namespace

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

void Cholesky::Solve(const mjtNum* factor, int n, mjtNum* x) {
  FindBegins(factor, n, begin_);
  last_.assign(n / kLanes + 1, 0);
  for (int i = 0; i < n; ++i) {
    for (int block = begin_[i] / kLanes; block <= i / kLanes; ++block) last_[block] = i;
    const mjtNum* row = factor + size_t(i) * n;
    if (i > 0) x[i] -= DotFrom(row, x, begin_[i], i);
    x[i] /= row[i];
  }
  for (int i = n - 1; i >= 0; --i) {
    mjtNum value = x[i];
    for (int j = i + 1; j <= last_[i / kLanes]; ++j) {
      if (begin_[j] <= i) value -= factor[size_t(j) * n + i] * x[j];
    }
    x[i] = value / factor[size_t(i) * n + i];
  }
}

}  // namespace vega
