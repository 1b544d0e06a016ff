// MuJoCo's functions that ours take the place of (sim/solver_kernels.h, sim/step_kernels.h).

#pragma once

#include <dlfcn.h>

namespace vega {

// MuJoCo's own function of that name.
template <typename Function>
Function MujocoOwn(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace vega
