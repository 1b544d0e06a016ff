// How well recorded rows fit the states they were recorded in, under hypotheses of what went wrong:
// shifted in time, quaternions in another order, pictures another way up.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/image.h"

namespace vega {

// Rows of width W, T of each.
struct RowsView {
  std::span<const double> values;
  int64_t width = 0;
  int64_t size() const { return static_cast<int64_t>(values.size()) / width; }
  std::span<const double> row(int64_t t) const { return values.subspan(t * width, width); }
};

inline constexpr int kMaxShift = 3;  // rows

struct ShiftFit {
  bool told = false;  // the rows move enough, and one shift fits clearly best
  int shift = 0;      // observation t fits the state of row t + shift best
  double misfit = 0;  // mean distance to the states at the expected shift
  double motion = 0;  // mean distance of one state to the next
};

// Compares observed rows with what the states show, `expected` rows later.
ShiftFit FitShift(const RowsView& observed, const RowsView& truth, int expected);

// Quaternion order by which the observed rows (T,4) fit the true ones (T,4; x,y,z,w), `shift` rows
// later.
struct QuaternionFit {
  std::string order;     // "x,y,z,w", "w,x,y,z" or "conjugate"
  double angle = 0;      // rad, mean rotation between the two, in that order
  double as_stored = 0;  // rad, read as x,y,z,w
};
QuaternionFit FitQuaternions(const RowsView& observed, const RowsView& truth, int shift);

// Mean absolute difference of two pictures of one size, 0 to 255, with the first turned over.
enum class Turn { kNone, kUpsideDown, kMirrored, kRotated };
inline constexpr std::array<Turn, 4> kTurns = {Turn::kNone, Turn::kUpsideDown, Turn::kMirrored,
                                               Turn::kRotated};
const char* Name(Turn turn);
double Difference(const Image& turned, Turn turn, const Image& other);

}  // namespace vega
