// Where tensors live and how many threads compute them: both chosen at run time, here only.

#pragma once

#include <c10/core/Device.h>

#include <string>

namespace vega {

// "cpu", "cuda" or "cuda:N". For CUDA, LibTorch's CUDA libraries are loaded on the first call, so
// one binary serves machines with and without a GPU. Throws Error when the name is unknown, the
// libraries cannot be loaded or there is no such GPU.
c10::Device OpenDevice(const std::string& name);

// Threads of one torch operation, for the whole process; call it before worker threads start. With
// 1 (what evaluation uses, whose workers run side by side) results do not depend on the machine's
// core count. Throws Error when `threads` < 1.
void SetTorchThreads(int threads);

}  // namespace vega
