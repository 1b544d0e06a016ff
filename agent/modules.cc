// Named groups of parameters and seeded initial weights.

#include "agent/modules.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <optional>
#include <span>

#include "sim/base/random.h"

namespace vega {
namespace {

// Products from this size on are a tenth faster in oneDNN than in MKL, which at::linear uses for
// f32 (AVX-512, one core); smaller ones are not.
constexpr int64_t kLargeRows = 256;
constexpr int64_t kLargeWeight = int64_t{1} << 20;

at::Tensor OneDnnLinear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  using Signature = at::Tensor(
      const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, c10::string_view,
      c10::List<std::optional<at::Scalar>>, std::optional<c10::string_view>);
  static const auto linear = c10::Dispatcher::singleton()
                                 .findSchemaOrThrow("mkldnn::_linear_pointwise", "")
                                 .typed<Signature>();
  return linear.call(x, weight, bias, "none", c10::List<std::optional<at::Scalar>>(), std::nullopt);
}

}  // namespace

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

torch::nn::LayerNorm Norm(int64_t width, double eps) {
  return torch::nn::LayerNorm(torch::nn::LayerNormOptions({width}).eps(eps));
}

at::Tensor Unset(at::IntArrayRef shape, double value) {
  return at::scalar_tensor(value).expand(shape);
}

DenseImpl::DenseImpl(int64_t in, int64_t out, bool with_bias)
    : weight(register_parameter("weight", Unset({out, in}))) {
  if (with_bias) bias = register_parameter("bias", Unset({out}));
}

at::Tensor DenseImpl::forward(const at::Tensor& x) const {
  const at::Tensor y = x.to(weight.scalar_type());
  const bool large = y.device().is_cpu() && y.scalar_type() == at::kFloat &&
                     !c10::GradMode::is_enabled() && bias.defined() &&
                     y.numel() / y.size(-1) >= kLargeRows && weight.numel() >= kLargeWeight;
  return large ? OneDnnLinear(y, weight, bias) : at::linear(y, weight, bias);
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
      at::Tensor drawn = parameter.is_cpu() ? parameter : at::empty(parameter.sizes());
      for (float& value : std::span(drawn.data_ptr<float>(), drawn.numel())) {
        value = static_cast<float>(stream.Uniform(-bound, bound));
      }
      parameter.copy_(drawn);
    }
  }
}

}  // namespace vega
