# Torch::Torch from the unpacked PyPI wheel. The wheel's own CMake package insists on a CUDA toolkit; these imported
# targets need none. CUDA is loaded at run time where there is a GPU (agent/device.h).
set(VEGA_TORCH_VERSION 2.11.0)
set(_torch ${VEGA_HOME}/deps/torch-${VEGA_TORCH_VERSION})
if(NOT EXISTS ${_torch}/torch/lib/libtorch_cpu.so)
  message(FATAL_ERROR "LibTorch ${VEGA_TORCH_VERSION} is not in ${_torch}: run ./vega doctor to fetch it, "
                      "or configure with -DVEGA_WITH_TORCH=OFF")
endif()
add_library(Torch::Torch INTERFACE IMPORTED)
target_include_directories(Torch::Torch SYSTEM INTERFACE
  ${_torch}/torch/include ${_torch}/torch/include/torch/csrc/api/include)
file(GLOB _torch_cuda_dirs ${_torch}/nvidia/*/lib)
target_link_libraries(Torch::Torch INTERFACE
  ${_torch}/torch/lib/libtorch.so ${_torch}/torch/lib/libtorch_cpu.so ${_torch}/torch/lib/libc10.so)
foreach(_dir ${_torch}/torch/lib ${_torch_cuda_dirs})
  target_link_options(Torch::Torch INTERFACE -Wl,-rpath,${_dir} -Wl,-rpath-link,${_dir})
endforeach()
