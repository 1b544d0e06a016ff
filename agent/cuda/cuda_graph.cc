// CUDA's graphs behind the seam of agent/device_graph.h. The only file that is compiled against
// CUDA's headers (its runtime's wheel brings them) and linked against libtorch_cuda.so.

#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/InferenceMode.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "agent/device_graph.h"

namespace vega {
namespace {

class CudaGraph : public DeviceGraph {
 public:
  explicit CudaGraph(c10::DeviceIndex device) : device_(device) {}

  void Record(const std::function<void()>& work) override {
    const c10::cuda::CUDAGuard on(device_);
    // inputs were made on other streams
    c10::cuda::device_synchronize();
    const c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool(false, device_);
    const c10::cuda::CUDAStreamGuard guard(stream);
    work();  // handles, workspaces and plans of this stream are made outside the graph
    stream.synchronize();
    // other threads may use the device meanwhile
    graph_.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    try {
      work();
    } catch (...) {
      try {
        graph_.capture_end();
      } catch (const std::exception&) {
        // the first error is the one to tell
      }
      throw;
    }
    graph_.capture_end();
  }

  void Replay() override {
    const c10::cuda::CUDAGuard on(device_);
    graph_.replay();
  }

 private:
  c10::DeviceIndex device_;
  at::cuda::CUDAGraph graph_;
};

}  // namespace
}  // namespace vega

extern "C" vega::DeviceGraph* VegaMakeCudaGraph(int device) {
  return new vega::CudaGraph(static_cast<c10::DeviceIndex>(device));
}
