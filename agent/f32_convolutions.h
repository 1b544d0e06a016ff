// Keeps convolutions out of bf16 where LibTorch's are not safe.

#pragma once

#include <c10/core/impl/LocalDispatchKeySet.h>

#include <optional>

namespace vega {

// While it lives, autocast leaves what runs on a processor with AMX in f32: there oneDNN 3.10
// writes beyond its memory in the gradients of bf16 convolutions.
class F32Convolutions {
 public:
  F32Convolutions() {
    if (__builtin_cpu_supports("amx-bf16")) without_.emplace(c10::DispatchKey::AutocastCPU);
  }

 private:
  std::optional<c10::impl::ExcludeDispatchKeyGuard> without_;
};

}  // namespace vega
