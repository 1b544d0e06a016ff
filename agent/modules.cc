// Named groups of parameters and seeded initial weights.

#include "agent/modules.h"

#include <ATen/ATen.h>

#include <cmath>
#include <span>

#include "sim/base/random.h"

namespace vega {

torch::nn::Module& GroupAt(torch::nn::Module& root, const std::string& path) {
  torch::nn::Module* group = &root;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    const auto children = group->named_children();
    const auto* found = children.find(name);
    group = found != nullptr
                ? found->get()
                : group->register_module(name, std::make_shared<torch::nn::Module>()).get();
    begin = end + 1;
  }
  return *group;
}

at::Tensor Unset(at::IntArrayRef shape, double value) {
  return at::scalar_tensor(value).expand(shape);
}

DenseImpl::DenseImpl(int64_t in, int64_t out, bool with_bias)
    : weight(register_parameter("weight", Unset({out, in}))) {
  if (with_bias) bias = register_parameter("bias", Unset({out}));
}

at::Tensor DenseImpl::forward(const at::Tensor& x) const {
  return at::linear(x.to(weight.scalar_type()), weight, bias);
}

void Freeze(torch::nn::Module& module) {
  module.eval();
  for (auto& parameter : module.parameters()) parameter.set_requires_grad(false);
}

void InitializeWeights(torch::nn::Module& module, uint64_t seed) {
  Freeze(module);
  for (auto& entry : module.named_parameters()) {
    at::Tensor& parameter = entry.value();
    const std::string& key = entry.key();
    if (!parameter.is_contiguous()) parameter.set_data(parameter.contiguous());
    if (key.ends_with("bias") && parameter.dim() == 1) {
      parameter.zero_();
    } else if (parameter.dim() >= 2 && parameter.numel() > parameter.size(0)) {
      RandomStream stream(seed, "weights/" + key);
      const double bound = std::sqrt(3.0 * parameter.size(0) / parameter.numel());
      for (float& value : std::span(parameter.data_ptr<float>(), parameter.numel())) {
        value = static_cast<float>(stream.Uniform(-bound, bound));
      }
    }
  }
}

}  // namespace vega
