#include "policies/torch_module.h"

#include <dlfcn.h>

#include "sim/base/error.h"

namespace vega {

bool HasTorchModule() {
#ifdef VEGA_TORCH_MODULE
  return true;
#else
  return false;
#endif
}

const TorchModule& OpenTorchModule() {
#ifdef VEGA_TORCH_MODULE
  // loading twice gives the same handle
  void* module = dlopen(VEGA_TORCH_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    throw Error(std::string("cannot load LibTorch: ") + dlerror(), "run ./vega build");
  }
  using Entry = const TorchModule* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(module, "VegaTorchModule"));
  if (entry == nullptr) throw Error(std::string(VEGA_TORCH_MODULE) + " is not vega's module");
  return *entry();
#else
  throw Error("this build has no LibTorch", "build with -DVEGA_WITH_TORCH=ON");
#endif
}

}  // namespace vega
