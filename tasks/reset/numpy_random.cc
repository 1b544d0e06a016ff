// NumPy's legacy distributions over std::mt19937, whose single-number seeding is NumPy's.

#include "tasks/reset/numpy_random.h"

#include <bit>
#include <cmath>

namespace vega {

void NumpyRandom::Seed(uint32_t seed) {
  engine_.seed(seed);
  kept_.reset();
}

double NumpyRandom::Uniform() {
  const uint32_t high = engine_() >> 5;
  const uint32_t low = engine_() >> 6;
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

double NumpyRandom::Normal() {
  if (kept_) {
    const double value = *kept_;
    kept_.reset();
    return value;
  }
  double x1, x2, r2;
  do {
    x1 = 2.0 * Uniform() - 1.0;
    x2 = 2.0 * Uniform() - 1.0;
    r2 = x1 * x1 + x2 * x2;
  } while (r2 >= 1.0 || r2 == 0.0);
  const double f = std::sqrt(-2.0 * std::log(r2) / r2);
  kept_ = f * x1;
  return f * x2;
}

uint32_t NumpyRandom::Below(uint32_t n) {
  if (n <= 1) return 0;
  // masked rejection: the smallest all-ones mask that covers n - 1
  const uint32_t mask = ~uint32_t{0} >> std::countl_zero(n - 1);
  uint32_t value;
  do {
    value = static_cast<uint32_t>(engine_()) & mask;
  } while (value >= n);
  return value;
}

}  // namespace vega
