// Work on a GPU that is recorded once and replayed: many kernels for the price of one launch.
//
// A device's graphs live in a module of their own (libvega_cuda.so), which is opened only where
// CUDA is in the process: nothing else is compiled or linked against it.

#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace vega {

class DeviceGraph {
 public:
  virtual ~DeviceGraph() = default;
  // Records what `work` launches; it is run more than once. Tensors it makes keep their place for
  // the graph's life. Throws where it does what cannot be recorded, e.g. waits for the device.
  virtual void Record(const std::function<void()>& work) = 0;
  // Launches it on the current stream.
  virtual void Replay() = 0;
};

using DeviceGraphMaker = std::function<std::unique_ptr<DeviceGraph>()>;

// Makes graphs of a device; empty where it has none, as the CPU, or where the module cannot be
// opened, which is said on stderr.
DeviceGraphMaker DeviceGraphsOf(c10::Device device);

// A function of tensors that launches the same kernels for the same shapes. The second call of a
// shape records it; from then on its inputs are copied to where the graph reads them and the graph
// is replayed. A graph is kept only if its first replay gives the bytes that running the function
// gives; where it does not, or cannot be recorded, that is said on stderr once and the function is
// run every time. Callable from several threads at once.
class GraphedFunction {
 public:
  using Tensors = std::vector<at::Tensor>;
  using Function = std::function<Tensors(const Tensors&)>;

  // Without a maker the function is always run.
  GraphedFunction(Function function, DeviceGraphMaker graphs)
      : function_(std::move(function)), graphs_(std::move(graphs)) {}

  Tensors operator()(const Tensors& inputs);
  size_t graphs() const;  // kept now

 private:
  struct Entry {
    std::vector<std::vector<int64_t>> shapes;
    std::unique_ptr<DeviceGraph> graph;  // null before the second call
    Tensors inputs, outputs;             // where the graph reads and writes
  };
  Entry& Find(const Tensors& inputs);
  // Throws what recording throws.
  void Record(Entry& entry, const Tensors& inputs, const Tensors& expected);

  Function function_;
  DeviceGraphMaker graphs_;
  mutable std::mutex mutex_;   // guards what follows, and a graph's tensors while they are used
  std::deque<Entry> entries_;  // oldest first
};

}  // namespace vega
