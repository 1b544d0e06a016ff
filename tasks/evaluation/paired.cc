#include "tasks/evaluation/paired.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace vega {
namespace {

double LogChoose(int n, int k) {
  return std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0);
}

double Square(double x) { return x * x; }

// Newcombe's correlation of the two outcomes, corrected for continuity when positive
double Correlation(const PairCounts& counts) {
  const double a = counts.both, b = counts.only_a, c = counts.only_b, d = counts.neither;
  const double margins = (a + b) * (c + d) * (a + c) * (b + d);
  if (margins == 0) return 0;
  const double excess = a * d - b * c;
  const double corrected = excess > 0 ? std::max(excess - counts.n() / 2.0, 0.0) : excess;
  return corrected / std::sqrt(margins);
}

}  // namespace

void PairCounts::Add(bool a_succeeds, bool b_succeeds) {
  ++(a_succeeds ? (b_succeeds ? both : only_a) : (b_succeeds ? only_b : neither));
}

double McNemarExact(const PairCounts& counts) {
  const int n = counts.discordant(), fewer = std::min(counts.only_a, counts.only_b);
  double tail = 0;
  for (int k = 0; k <= fewer; ++k) tail += std::exp(LogChoose(n, k) - n * std::numbers::ln2);
  return std::min(1.0, 2 * tail);
}

Interval PairedDifference(const PairCounts& counts) {
  const int n = counts.n();
  if (n == 0) return {-1, 1};
  const double a = static_cast<double>(counts.a()) / n, b = static_cast<double>(counts.b()) / n;
  const Interval of_a = WilsonInterval(counts.a(), n), of_b = WilsonInterval(counts.b(), n);
  const double phi = Correlation(counts);
  // how far the difference reaches when A errs by x one way and B by y the other
  const auto reach = [phi](double x, double y) {
    return std::sqrt(std::max(0.0, Square(x) - 2 * phi * x * y + Square(y)));
  };
  return {std::max(-1.0, a - b - reach(a - of_a.low, of_b.high - b)),
          std::min(1.0, a - b + reach(of_a.high - a, b - of_b.low))};
}

double SequentialTest::evidence() const {
  const int n = counts_.discordant();
  // integral of t^only_a (1 - t)^only_b over [0, 1], over 2^-n
  return std::exp(n * std::numbers::ln2 - LogChoose(n, counts_.only_a) - std::log(n + 1.0));
}

void SequentialTest::Add(bool a_succeeds, bool b_succeeds) {
  counts_.Add(a_succeeds, b_succeeds);
  if (decided_after_ > 0 || evidence() < 1 / alpha_) return;
  decided_after_ = counts_.n();
  for_a_ = counts_.only_a > counts_.only_b;
}

}  // namespace vega
