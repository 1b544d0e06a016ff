#include "tasks/dataset/state_fit.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace vega {
namespace {

// the best shift must beat its neighbours by this factor to be believed
constexpr double kClearlyBetter = 0.7;

double Distance(std::span<const double> a, std::span<const double> b) {
  double squares = 0;
  for (size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(squares);
}

// rotation between two quaternions of one order, rad
double Angle(const std::array<double, 4>& a, std::span<const double> b) {
  double dot = 0, na = 0, nb = 0;
  for (int i = 0; i < 4; ++i) {
    dot += a[i] * b[i];
    na += a[i] * a[i];
    nb += b[i] * b[i];
  }
  return 2 * std::acos(std::min(std::abs(dot) / std::sqrt(na * nb), 1.0));
}

}  // namespace

ShiftFit FitShift(const RowsView& observed, const RowsView& truth, int expected) {
  ShiftFit fit;
  // the same rows for every shift, so that they can be compared
  const int reach = kMaxShift + std::abs(expected);
  const int64_t first = reach, last = observed.size() - reach;
  if (last - first < 5) return fit;
  const auto misfit = [&](int shift) {
    double sum = 0;
    for (int64_t t = first; t < last; ++t) sum += Distance(observed.row(t), truth.row(t + shift));
    return sum / static_cast<double>(last - first);
  };
  for (int64_t t = first; t < last; ++t) fit.motion += Distance(truth.row(t), truth.row(t + 1));
  fit.motion /= static_cast<double>(last - first);
  fit.misfit = misfit(expected);
  double best = fit.misfit, next = HUGE_VAL;
  fit.shift = expected;
  for (int shift = -kMaxShift; shift <= kMaxShift; ++shift) {
    const double at = misfit(shift);
    if (at < best) {
      best = at;
      fit.shift = shift;
    }
  }
  for (int shift = -kMaxShift; shift <= kMaxShift; ++shift) {
    if (shift != fit.shift) next = std::min(next, misfit(shift));
  }
  fit.told = best < kClearlyBetter * next;
  return fit;
}

QuaternionFit FitQuaternions(const RowsView& observed, const RowsView& truth, int shift) {
  QuaternionFit fit{.order = "x,y,z,w", .angle = 0, .as_stored = 0};
  const int64_t first = std::max(0, -shift);
  const int64_t last = observed.size() - std::max(0, shift);
  double scalar_first = 0, conjugate = 0;
  for (int64_t t = first; t < last; ++t) {
    const std::span<const double> q = observed.row(t);
    const std::span<const double> there = truth.row(t + shift);
    fit.as_stored += Angle({q[0], q[1], q[2], q[3]}, there);
    scalar_first += Angle({q[1], q[2], q[3], q[0]}, there);
    conjugate += Angle({-q[0], -q[1], -q[2], q[3]}, there);
  }
  const auto rows = static_cast<double>(std::max<int64_t>(last - first, 1));
  fit.as_stored /= rows;
  fit.angle = fit.as_stored;
  for (const auto& [order, sum] :
       {std::pair{"w,x,y,z", scalar_first}, std::pair{"conjugate", conjugate}}) {
    if (sum / rows >= fit.angle) continue;
    fit.angle = sum / rows;
    fit.order = order;
  }
  return fit;
}

const char* Name(Turn turn) {
  switch (turn) {
    case Turn::kNone:
      return "row 0 at the top";
    case Turn::kUpsideDown:
      return "row 0 at the bottom";
    case Turn::kMirrored:
      return "left and right swapped";
    case Turn::kRotated:
      return "rotated by 180 degrees";
  }
  return "";
}

double Difference(const Image& turned, Turn turn, const Image& other) {
  const bool flip = turn == Turn::kUpsideDown || turn == Turn::kRotated;
  const bool mirror = turn == Turn::kMirrored || turn == Turn::kRotated;
  const int h = other.height, w = other.width;
  int64_t sum = 0;
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      const int from = ((flip ? h - 1 - y : y) * w + (mirror ? w - 1 - x : x)) * 3;
      const int to = (y * w + x) * 3;
      for (int c = 0; c < 3; ++c) sum += std::abs(turned.pixels[from + c] - other.pixels[to + c]);
    }
  }
  return static_cast<double>(sum) / (static_cast<double>(h) * w * 3);
}

}  // namespace vega
