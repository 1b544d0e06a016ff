// The Wilson score interval of a success rate.

#pragma once

namespace vega {

struct Interval {
  double low = 0;   // in [0, 1]
  double high = 1;  // in [0, 1]
};

// 95 % interval of the rate behind `successes` of `n` trials (E. B. Wilson, "Probable inference,
// the law of succession, and statistical inference", JASA 1927); [0, 1] when n is 0.
Interval WilsonInterval(int successes, int n);

}  // namespace vega
