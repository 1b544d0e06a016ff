#include "agent/attention.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <cmath>
#include <limits>
#include <optional>

namespace vega {

at::Tensor Attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                  const at::Tensor& mask) {
  if (!q.is_cpu() || !at::GradMode::is_enabled()) {
    std::optional<at::Tensor> seen;
    if (mask.defined()) seen = mask;
    return at::scaled_dot_product_attention(q, k, v, seen);
  }
  // the gradient of LibTorch's fused attention on the CPU is several times dearer than this one's
  const c10::impl::ExcludeDispatchKeyGuard keep_dtype(c10::DispatchKey::AutocastCPU);
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(-1)));
  at::Tensor scores = at::matmul(q * scale, k.to(q.scalar_type()).transpose(-2, -1));  // [B,M,N,L]
  if (mask.defined()) {
    scores = scores.masked_fill(mask.logical_not(), -std::numeric_limits<float>::infinity());
  }
  return at::matmul(scores.softmax(-1), v.to(q.scalar_type()));
}

at::Tensor SplitHeads(const at::Tensor& x, int64_t num_heads) {
  return x.unflatten(-1, {num_heads, -1}).transpose(1, 2);
}

at::Tensor JoinHeads(const at::Tensor& x) { return x.transpose(1, 2).flatten(2); }

}  // namespace vega
