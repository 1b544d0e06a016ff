#include "policies/torch_module.h"

#include <dlfcn.h>

#include "sim/base/error.h"

namespace vega {

const TorchModule& OpenTorchModule() {
#ifdef VEGA_TORCH_MODULE
  // loading twice gives the same handle
  void* module = dlopen(VEGA_TORCH_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    throw Error(std::string("cannot load LibTorch: ") + dlerror(), "run ./vega doctor");
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
