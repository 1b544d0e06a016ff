# Torch::Torch from the unpacked PyPI wheel. The wheel's own CMake package insists on a CUDA toolkit; this imported
# target needs none. libtorch_cuda.so is not linked: it is opened at run time where there is a GPU.
set(VEGA_TORCH_VERSION 2.11.0)
option(VEGA_WITH_CUDA "Fail when the CUDA libraries are not fetched (the binary is the same)" OFF)
set(VEGA_TORCH ${VEGA_HOME}/deps/torch-${VEGA_TORCH_VERSION})
if(NOT EXISTS ${VEGA_TORCH}/torch/lib/libtorch_cpu.so)
  message(FATAL_ERROR "LibTorch ${VEGA_TORCH_VERSION} is not in ${VEGA_TORCH}: remove that folder and run ./vega, which fetches it, "
                      "or configure with -DVEGA_WITH_TORCH=OFF")
endif()
if(VEGA_WITH_CUDA AND NOT EXISTS ${VEGA_TORCH}/nvidia/cudnn/lib)
  message(FATAL_ERROR "the CUDA libraries are not in ${VEGA_TORCH}/nvidia: run VEGA_CUDA=1 ./vega, which fetches them")
endif()
add_library(Torch::Torch INTERFACE IMPORTED GLOBAL)
# after the system's headers: the wheel brings an fmt of its own that would hide ours
target_compile_options(Torch::Torch INTERFACE
  "SHELL:-idirafter ${VEGA_TORCH}/torch/include" "SHELL:-idirafter ${VEGA_TORCH}/torch/include/torch/csrc/api/include")
target_link_libraries(Torch::Torch INTERFACE ${VEGA_TORCH}/torch/lib/libtorch_cpu.so ${VEGA_TORCH}/torch/lib/libc10.so)
foreach(_dir ${VEGA_TORCH}/torch/lib ${VEGA_TORCH}/nvidia/cu13/lib)
  target_link_options(Torch::Torch INTERFACE -Wl,-rpath,${_dir} -Wl,-rpath-link,${_dir})
endforeach()
