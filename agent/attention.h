// Attention as every module does it that is trained here; what is only run calls LibTorch's.

#pragma once

#include <ATen/core/Tensor.h>

namespace vega {

// softmax(q k^T / sqrt(d)) v: q [B,M,N,d], k and v [B,M,L,d] -> [B,M,N,d]. mask, broadcast to
// [B,M,N,L], is false where nobody may look; undefined: everybody looks everywhere.
at::Tensor Attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                  const at::Tensor& mask = {});

at::Tensor SplitHeads(const at::Tensor& x, int64_t num_heads);  // [B,N,M*d] -> [B,M,N,d]
at::Tensor JoinHeads(const at::Tensor& x);                      // [B,M,N,d] -> [B,N,M*d]

}  // namespace vega
