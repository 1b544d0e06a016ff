// Ridge regression judged on what it was not fitted to.

#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace vega {

// x [N,F], y [N,K], fold (N) in 0..folds-1, folds >= 3 -> predictions [N,K] f64, each row by what
// was fitted without its fold. Features are scaled by their spread over all rows; the ridge is the
// one of seven that does best on the fold after the one left out.
at::Tensor HeldOutRidge(const at::Tensor& x, const at::Tensor& y, const std::vector<int64_t>& fold,
                        int64_t folds);

// scores [N] and whether each row is one to find -> average precision of ranking by score; ties
// count as if in the worst order.
double AveragePrecision(const at::Tensor& scores, const at::Tensor& wanted);

}  // namespace vega
