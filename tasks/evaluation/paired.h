// Statistics of two policies on the same episodes. Only episodes where exactly one of them
// succeeds, the discordant ones, say which is better.

#pragma once

#include <cstdint>

#include "tasks/evaluation/wilson.h"

namespace vega {

struct PairCounts {
  int both = 0, only_a = 0, only_b = 0, neither = 0;

  int n() const { return both + only_a + only_b + neither; }
  int a() const { return both + only_a; }
  int b() const { return both + only_b; }
  int discordant() const { return only_a + only_b; }
  void Add(bool a_succeeds, bool b_succeeds);
};

// Two-sided p value of McNemar's test, exact: of discordant pairs that fall to either side like a
// fair coin, how often at least as unevenly. 1 when there are none.
double McNemarExact(const PairCounts& counts);

// 95 % interval of rate(A) - rate(B), in [-1, 1]: R. G. Newcombe, "Improved confidence intervals
// for the difference between binomial proportions based on paired data", Statistics in Medicine
// 1998, method 10. [-1, 1] when there is no pair.
Interval PairedDifference(const PairCounts& counts);

// A test that may be looked at after every pair and stopped at will: the evidence is the likelihood
// of the discordant pairs under a coin of unknown bias (uniform prior) over that under a fair one.
// If the policies are equally good it ever reaches 1 / alpha with probability at most alpha
// (Ville's inequality), however often one looks.
class SequentialTest {
 public:
  explicit SequentialTest(double alpha = 0.05) : alpha_(alpha) {}

  void Add(bool a_succeeds, bool b_succeeds);
  // 1 before the first discordant pair.
  double evidence() const;
  const PairCounts& counts() const { return counts_; }
  // Pairs seen when the evidence first reached 1 / alpha; 0: not yet.
  int decided_after() const { return decided_after_; }
  // Of a decision: for A.
  bool for_a() const { return for_a_; }

 private:
  double alpha_;
  PairCounts counts_;
  int decided_after_ = 0;
  bool for_a_ = false;
};

}  // namespace vega
