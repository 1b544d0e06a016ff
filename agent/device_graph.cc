// When a graph is recorded, trusted and replayed.

#include "agent/device_graph.h"

#include <c10/core/InferenceMode.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace vega {
namespace {

constexpr size_t kMostGraphs = 4;  // each holds the memory its work needs

// beside the module this code is in
std::filesystem::path CudaModule() {
  Dl_info info{};
  void* symbol = reinterpret_cast<void*>(&DeviceGraphsOf);
  if (dladdr(symbol, &info) == 0) return "libvega_cuda.so";
  return std::filesystem::path(info.dli_fname).parent_path() / "libvega_cuda.so";
}

void Note(const std::string& reason) {
  fmt::print(stderr, "vega: no CUDA graphs, kernels are launched one by one: {}\n",
             reason.substr(0, reason.find('\n')));
}

std::vector<std::vector<int64_t>> Shapes(const GraphedFunction::Tensors& tensors) {
  std::vector<std::vector<int64_t>> shapes;
  for (const at::Tensor& tensor : tensors) shapes.push_back(tensor.sizes().vec());
  return shapes;
}

GraphedFunction::Tensors Clones(const GraphedFunction::Tensors& tensors) {
  GraphedFunction::Tensors clones;
  for (const at::Tensor& tensor : tensors) clones.push_back(tensor.clone());
  return clones;
}

}  // namespace

DeviceGraphMaker DeviceGraphsOf(c10::Device device) {
  if (!device.is_cuda()) return {};
  // it stays open for the life of the process; libtorch_cuda.so, which it needs, is in it already
  void* module = dlopen(CudaModule().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    Note(dlerror());
    return {};
  }
  using Make = DeviceGraph* (*)(int device);
  const auto make = reinterpret_cast<Make>(dlsym(module, "VegaMakeCudaGraph"));
  if (make == nullptr) {
    Note(CudaModule().string() + " is not vega's module");
    return {};
  }
  return [make, device] { return std::unique_ptr<DeviceGraph>(make(device.index())); };
}

GraphedFunction::Entry& GraphedFunction::Find(const Tensors& inputs) {
  const auto shapes = Shapes(inputs);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.shapes == shapes; });
  if (found != entries_.end()) return *found;
  if (entries_.size() == kMostGraphs) entries_.pop_front();
  entries_.push_back({shapes, nullptr, {}, {}});
  return entries_.back();
}

void GraphedFunction::Record(Entry& entry, const Tensors& inputs, const Tensors& expected) {
  std::unique_ptr<DeviceGraph> graph = graphs_();
  entry.inputs = Clones(inputs);
  graph->Record([&] { entry.outputs = function_(entry.inputs); });
  graph->Replay();
  for (size_t i = 0; i < expected.size(); ++i) {
    if (entry.outputs[i].equal(expected[i])) continue;
    throw std::runtime_error("a replay gave other bytes than running it");
  }
  entry.graph = std::move(graph);
}

GraphedFunction::Tensors GraphedFunction::operator()(const Tensors& inputs) {
  {
    const std::lock_guard lock(mutex_);
    if (graphs_) {
      const bool known = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.shapes == Shapes(inputs);
      });
      Entry& entry = Find(inputs);
      if (entry.graph != nullptr) {
        for (size_t i = 0; i < inputs.size(); ++i) entry.inputs[i].copy_(inputs[i]);
        entry.graph->Replay();
        return Clones(entry.outputs);
      }
      if (known) {
        const Tensors outputs = Clones(function_(inputs));
        try {
          Record(entry, inputs, outputs);
        } catch (const std::exception& error) {
          Note(error.what());
          graphs_ = {};
          entries_.clear();
        }
        return outputs;
      }
    }
  }
  return function_(inputs);
}

size_t GraphedFunction::graphs() const {
  const std::lock_guard lock(mutex_);
  return std::count_if(entries_.begin(), entries_.end(),
                       [](const Entry& entry) { return entry.graph != nullptr; });
}

}  // namespace vega
