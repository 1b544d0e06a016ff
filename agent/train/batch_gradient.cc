// Parts side by side, and their sum in order.

#include "agent/train/batch_gradient.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "agent/device.h"

namespace vega {
namespace {

constexpr int64_t kSmallestPart = 16;

// Matrix products and convolutions of this thread in bf16 while it lives. Weights are cast anew
// each time: LibTorch's store of cast ones is common to all threads, graphs included.
class Autocast {
 public:
  Autocast(bool on, at::DeviceType device)
      : on_(on),
        device_(device),
        before_(at::autocast::is_autocast_enabled(device)),
        stored_before_(at::autocast::is_autocast_cache_enabled()) {
    if (!on_) return;
    at::autocast::set_autocast_enabled(device_, true);
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::set_autocast_cache_enabled(false);
  }
  ~Autocast() {
    if (!on_) return;
    at::autocast::set_autocast_cache_enabled(stored_before_);
    at::autocast::set_autocast_enabled(device_, before_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool on_;
  at::DeviceType device_;
  bool before_, stored_before_;
};

}  // namespace

int BatchParts(int64_t batch, int threads) {
  return static_cast<int>(std::clamp<int64_t>(batch / kSmallestPart, 1, threads));
}

BatchGradient::BatchGradient(TrainStage& stage, std::vector<Parameter> parameters,
                             const Options& options)
    : stage_(stage), parameters_(std::move(parameters)), options_(options) {}

BatchGradient::Part BatchGradient::PartOf(const StepInput& input, int threads) const {
  if (options_.device == at::kCPU) SetTorchThreads(threads);
  Part part;
  {
    const Autocast autocast(options_.bf16, options_.device);
    part.loss = stage_.Loss(input);
  }
  std::vector<at::Tensor> values;
  for (const Parameter& p : parameters_) values.push_back(p.value);
  part.gradients = torch::autograd::grad({part.loss.total}, values, /*grad_outputs=*/{},
                                         /*retain_graph=*/{}, /*create_graph=*/false,
                                         /*allow_unused=*/true);
  part.loss.total = part.loss.total.detach();
  for (auto& [name, value] : part.loss.parts) value = value.detach();
  return part;
}

StepLoss BatchGradient::Compute(const std::vector<StepInput>& inputs) {
  const int count = static_cast<int>(inputs.size());
  const int threads = std::max(1, options_.threads / count);
  std::vector<Part> parts(count);
  std::vector<std::exception_ptr> failures(count);
  if (count > 1 && pool_ == nullptr) pool_ = std::make_unique<c10::ThreadPool>(count - 1);
  const auto run = [&](int i) {
    try {
      parts[i] = PartOf(inputs[i], threads);
    } catch (...) {
      failures[i] = std::current_exception();
    }
  };
  for (int i = 1; i < count; ++i) pool_->run([&run, i] { run(i); });
  run(0);
  if (count > 1) pool_->waitWorkComplete();
  if (options_.device == at::kCPU) SetTorchThreads(options_.threads);
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }

  const at::NoGradGuard guard;
  double rows = 0;
  for (const StepInput& input : inputs) rows += static_cast<double>(input.rows.size());
  const auto share = [&](int i) { return static_cast<double>(inputs[i].rows.size()) / rows; };
  const auto add = [](at::Tensor& sum, const at::Tensor& x, double weight) {
    if (!x.defined()) return;
    sum = sum.defined() ? sum.add_(x, weight) : weight == 1 ? x : x.mul(weight);
  };
  StepLoss loss;
  for (int i = 0; i < count; ++i) {
    add(loss.total, parts[i].loss.total, share(i));
    for (const auto& [name, value] : parts[i].loss.parts) add(loss.parts[name], value, share(i));
  }
  for (size_t p = 0; p < parameters_.size(); ++p) {
    at::Tensor sum;
    for (int i = 0; i < count; ++i) add(sum, parts[i].gradients[p], share(i));
    // cuDNN gives gradients of convolutions other strides, which the fused update refuses
    if (sum.defined()) sum = sum.contiguous();
    parameters_[p].value.mutable_grad() = sum;
  }
  return loss;
}

}  // namespace vega
