// What all modules share: parameters under their published names, and weights drawn from a seed.

#pragma once

#include <torch/nn/module.h>
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

// Draws weights that are a pure function of (seed, parameter key): matrices and kernels uniform in
// +-sqrt(3 / fan_in), biases 0; parameters of one dimension other than biases keep the value their
// module gives them. The module is then frozen (no gradients) and in evaluation mode.
void InitializeWeights(torch::nn::Module& module, uint64_t seed);

// No gradients, evaluation mode.
void Freeze(torch::nn::Module& module);

}  // namespace vega
