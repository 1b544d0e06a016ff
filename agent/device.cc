// Device choice: CUDA is found with dlopen when it is asked for.

#include "agent/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>

#include "sim/base/error.h"

namespace vega {
namespace {

// libtorch_cuda.so lies beside libtorch_cpu.so, which is already in the process
std::filesystem::path TorchLibrary(const char* name) {
  Dl_info info{};
  void* symbol = reinterpret_cast<void*>(&at::globalContext);
  if (dladdr(symbol, &info) == 0) throw Error("cannot find the folder of LibTorch");
  return std::filesystem::path(info.dli_fname).parent_path() / name;
}

// Must come before anything asks LibTorch about CUDA: it looks for its CUDA half once, on the first
// question, and keeps to the answer.
void LoadCuda() {
  // the handle is kept for the life of the process: torch registers its kernels on loading
  if (dlopen(TorchLibrary("libtorch_cuda.so").c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    throw Error(fmt::format("CUDA is not available: {}", dlerror()), "use --device cpu");
  }
}

}  // namespace

c10::Device OpenDevice(const std::string& name) {
  if (name == "cpu") return c10::Device(c10::kCPU);
  int index = 0;
  if (name.rfind("cuda:", 0) == 0 && name.size() > 5 && name.size() < 9 &&
      name.find_first_not_of("0123456789", 5) == std::string::npos) {
    index = std::stoi(name.substr(5));
  } else if (name != "cuda") {
    throw Error(fmt::format("unknown device '{}'", name), "devices: cpu, cuda, cuda:N");
  }
  LoadCuda();
  const int count = at::globalContext().hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0;
  if (count == 0) throw Error("CUDA is not available: no GPU was found", "use --device cpu");
  if (index >= count) {
    throw Error(fmt::format("there is no GPU {}: this machine has {}", index, count));
  }
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

void SetTorchThreads(int threads) {
  if (threads < 1) throw Error(fmt::format("torch needs at least 1 thread, not {}", threads));
  at::set_num_threads(threads);
}

}  // namespace vega
