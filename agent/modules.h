// What all modules share: parameters under their published names, and weights drawn from a seed.

#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <string>
#include <utility>

namespace vega {

// The group at a dotted path below `root`; groups that do not exist yet are made.
torch::nn::Module& GroupAt(torch::nn::Module& root, const std::string& path);

// Registers `child` below `root` under a dotted published key such as "attention.self.query", so
// that a C++ member keeps a short name while its weights keep theirs. Returns `child`.
template <typename Holder>
Holder RegisterAt(torch::nn::Module& root, const std::string& path, Holder child) {
  const size_t dot = path.rfind('.');
  const bool nested = dot != std::string::npos;
  torch::nn::Module& parent = nested ? GroupAt(root, path.substr(0, dot)) : root;
  parent.register_module(nested ? path.substr(dot + 1) : path, child.ptr());
  return child;
}

// A parameter before it has a value of its own: `value` seen through `shape`, which takes no
// memory. A model of any size is therefore free until its weights are loaded or drawn.
at::Tensor Unset(at::IntArrayRef shape, double value = 0);

// Layer normalisation of the last dimension.
torch::nn::LayerNorm Norm(int64_t width, double eps = 1e-5);

// y = W x + b, in the dtype of W.
class DenseImpl : public torch::nn::Module {
 public:
  DenseImpl(int64_t in, int64_t out, bool bias = true);
  at::Tensor forward(const at::Tensor& x) const;  // [...,in] -> [...,out]

  at::Tensor weight, bias;  // [out,in]; [out] or undefined
};
TORCH_MODULE(Dense);

// Draws weights that are a pure function of (seed, parameter key): matrices and kernels uniform in
// +-sqrt(3 / fan_in), biases 0; parameters of one dimension other than biases keep the value their
// module gives them. The module is then frozen (no gradients) and in evaluation mode.
void InitializeWeights(torch::nn::Module& module, uint64_t seed);

// No gradients, evaluation mode.
void Freeze(torch::nn::Module& module);

}  // namespace vega
