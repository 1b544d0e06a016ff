// The numbers of NumPy's legacy global generator, from which LIBERO draws every reset.

#pragma once

#include <cstdint>
#include <optional>
#include <random>

namespace vega {

// np.random.seed / uniform / randn / randint of numpy.random.RandomState, bit for bit: MT19937
// (Matsumoto and Nishimura, 1998), 53-bit doubles, and the polar method with one value kept back
// (numpy/random/src/legacy).
class NumpyRandom {
 public:
  explicit NumpyRandom(uint32_t seed = 0) { Seed(seed); }

  // Also forgets the value kept back by Normal().
  void Seed(uint32_t seed);
  // [0, 1)
  double Uniform();
  // lo + (hi - lo) * Uniform(); `hi` may be below `lo`.
  double Uniform(double lo, double hi) { return lo + (hi - lo) * Uniform(); }
  // Mean 0, variance 1.
  double Normal();
  // randint(n): 0 <= result < n, n >= 1; n = 1 draws nothing.
  uint32_t Below(uint32_t n);

 private:
  std::mt19937 engine_;
  std::optional<double> kept_;
};

}  // namespace vega
