// Sums over folds, and what is solved from them.

#include "agent/probe/ridge.h"

#include <ATen/ATen.h>

#include <limits>

namespace vega {
namespace {

// ridges as shares of the rows
constexpr double kRidges[] = {1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10};

struct Sums {
  at::Tensor xx, xy;  // [F+1,F+1], [F+1,K]
  double rows = 0;
};

Sums operator-(const Sums& a, const Sums& b) { return {a.xx - b.xx, a.xy - b.xy, a.rows - b.rows}; }

// the last feature is 1 and carries no ridge
at::Tensor Solve(const Sums& sums, double ridge) {
  at::Tensor diagonal = at::full({sums.xx.size(0)}, ridge * sums.rows, at::kDouble);
  diagonal[-1] = 1e-9;
  const at::Tensor factor = at::linalg_cholesky(sums.xx + at::diag(diagonal));
  return at::cholesky_solve(sums.xy, factor);  // [F+1,K]
}

}  // namespace

at::Tensor HeldOutRidge(const at::Tensor& x, const at::Tensor& y, const std::vector<int64_t>& fold,
                        int64_t folds) {
  const at::Tensor raw = x.to(at::kDouble), targets = y.to(at::kDouble);
  const at::Tensor scaled =
      (raw - raw.mean(0, true)) / raw.std(0, /*unbiased=*/false, /*keepdim=*/true).clamp_min(1e-9);
  const at::Tensor features = at::cat({scaled, at::ones({x.size(0), 1}, at::kDouble)}, 1);
  const at::Tensor fold_of = at::tensor(fold);
  std::vector<at::Tensor> rows;
  std::vector<Sums> sums;
  Sums all{at::zeros({features.size(1), features.size(1)}, at::kDouble),
           at::zeros({features.size(1), targets.size(1)}, at::kDouble)};
  for (int64_t f = 0; f < folds; ++f) {
    rows.push_back(fold_of.eq(f).nonzero().flatten());
    const at::Tensor a = features.index_select(0, rows[f]), b = targets.index_select(0, rows[f]);
    sums.push_back({a.t().matmul(a), a.t().matmul(b), static_cast<double>(rows[f].numel())});
    all = {all.xx + sums[f].xx, all.xy + sums[f].xy, all.rows + sums[f].rows};
  }
  at::Tensor out = at::zeros_like(targets);
  for (int64_t f = 0; f < folds; ++f) {
    const Sums others = all - sums[f];
    const int64_t judge = (f + 1) % folds;
    const at::Tensor judged = features.index_select(0, rows[judge]);
    const at::Tensor truth = targets.index_select(0, rows[judge]);
    double best = std::numeric_limits<double>::infinity(), chosen = kRidges[0];
    for (const double ridge : kRidges) {
      const at::Tensor weights = Solve(others - sums[judge], ridge);
      const double error = (judged.matmul(weights) - truth).square().sum().item<double>();
      if (error < best) best = error, chosen = ridge;
    }
    out.index_copy_(0, rows[f], features.index_select(0, rows[f]).matmul(Solve(others, chosen)));
  }
  return out;
}

double AveragePrecision(const at::Tensor& scores, const at::Tensor& wanted) {
  // those not wanted come first, and a stable order leaves them there among equals
  const at::Tensor by_wanted = std::get<1>(at::sort(wanted.to(at::kInt), true, 0, false));
  const at::Tensor order =
      by_wanted.index_select(0, std::get<1>(at::sort(scores.index_select(0, by_wanted), true, 0,
                                                     /*descending=*/true)));
  const at::Tensor hits = wanted.index_select(0, order).to(at::kDouble);
  const double count = hits.sum().item<double>();
  if (count == 0) return 0;
  const at::Tensor rank = at::arange(1, hits.numel() + 1, at::kDouble);
  return (hits.cumsum(0) / rank * hits).sum().item<double>() / count;
}

}  // namespace vega
