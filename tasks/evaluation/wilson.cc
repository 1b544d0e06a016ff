// The score interval in closed form.

#include "tasks/evaluation/wilson.h"

#include <algorithm>
#include <cmath>

namespace vega {

Interval WilsonInterval(int successes, int n) {
  if (n == 0) return {};
  constexpr double kZ = 1.959963984540054;  // 97.5 % quantile of the normal distribution
  const double rate = static_cast<double>(successes) / n;
  const double scale = 1 + kZ * kZ / n;
  const double center = (rate + kZ * kZ / (2 * n)) / scale;
  const double half = kZ / scale * std::sqrt(rate * (1 - rate) / n + kZ * kZ / (4.0 * n * n));
  return {successes == 0 ? 0 : std::max(0.0, center - half),
          successes == n ? 1 : std::min(1.0, center + half)};
}

}  // namespace vega
