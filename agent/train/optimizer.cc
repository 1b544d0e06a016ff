// Updates through LibTorch's fused AdamW, and Muon's.

#include "agent/train/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {
namespace {

constexpr double kMomentum = 0.95;   // of Muon
constexpr double kUpdateSize = 0.2;  // root mean square of AdamW's updates, times the rate
constexpr int64_t kInnerSide = 64;

bool IsInnerMatrix(const Parameter& p) {
  return p.value.dim() == 2 && p.value.size(0) >= kInnerSide && p.value.size(1) >= kInnerSide &&
         p.name.ends_with(".weight");
}

// of one orthogonalisation, in products of numbers
int64_t Work(const at::Tensor& matrix) {
  return matrix.numel() * std::min(matrix.size(0), matrix.size(1));
}

}  // namespace

at::Tensor Orthogonalized(const at::Tensor& x) {
  const bool tall = x.size(0) > x.size(1);
  at::Tensor y = (tall ? x.t() : x).to(at::kBFloat16);
  y = y / (x.norm() + 1e-7);
  for (int step = 0; step < 5; ++step) {
    const at::Tensor gram = y.mm(y.t());
    y = 3.4445 * y + (-4.7750 * gram + 2.0315 * gram.mm(gram)).mm(y);
  }
  return (tall ? y.t() : y).to(x.scalar_type());
}

Optimizer::Optimizer(std::vector<Parameter> parameters, const OptimizerOptions& options,
                     int64_t steps)
    : options_(options), steps_(steps), parameters_(std::move(parameters)) {
  if (parameters_.empty()) throw Error("this stage has no weights that learn");
  for (Parameter& p : parameters_) {
    if (!p.value.is_contiguous()) p.value.set_data(p.value.contiguous());
    p.value.set_requires_grad(true);
    const at::Tensor values = p.value.detach();
    first_.push_back(at::zeros_like(values));
    const bool by_muon = options_.method == "muon" && IsInnerMatrix(p);
    second_.push_back(by_muon ? at::Tensor() : at::zeros_like(values));
    if (by_muon) by_muon_.push_back(first_.size() - 1);
    averages_.push_back(values.clone());
  }
  std::stable_sort(by_muon_.begin(), by_muon_.end(), [this](size_t a, size_t b) {
    return Work(parameters_[a].value) > Work(parameters_[b].value);
  });
}

double Optimizer::Rate(int64_t step) const {
  if (step < options_.warmup) {
    return options_.lr * static_cast<double>(step + 1) / static_cast<double>(options_.warmup);
  }
  const double all = std::max<double>(1, static_cast<double>(steps_ - options_.warmup));
  const double progress = std::min(1.0, static_cast<double>(step - options_.warmup) / all);
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * progress));
  return options_.lr * (options_.final_lr + (1 - options_.final_lr) * cosine);
}

at::Tensor Optimizer::Step(int64_t step) {
  const at::NoGradGuard guard;
  std::vector<at::Tensor> gradients;
  for (Parameter& p : parameters_) {
    if (!p.value.grad().defined()) p.value.mutable_grad() = at::zeros_like(p.value);
    gradients.push_back(p.value.grad());
  }
  const at::Tensor norm = at::stack(at::_foreach_norm(gradients)).norm();
  if (options_.clip > 0) {
    at::_foreach_mul_(gradients, (options_.clip / (norm + 1e-6)).clamp_max(1));
  }
  const at::Tensor update = at::full({}, static_cast<double>(++updates_), norm.options());
  std::map<std::pair<double, bool>, Group> groups;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!second_[i].defined()) continue;  // Muon's
    const bool matrix = parameters_[i].value.dim() >= 2;
    Group& group = groups[{parameters_[i].lr_scale, matrix}];
    group.lr_scale = parameters_[i].lr_scale;
    group.weight_decay = matrix ? options_.weight_decay : 0;
    group.values.push_back(parameters_[i].value);
    group.gradients.push_back(gradients[i]);
    group.first.push_back(first_[i]);
    group.second.push_back(second_[i]);
    group.steps.push_back(update);
  }
  for (auto& [key, group] : groups) {
    at::_fused_adamw_(group.values, group.gradients, group.first, group.second, {}, group.steps,
                      Rate(step) * group.lr_scale, options_.beta1, options_.beta2,
                      group.weight_decay, /*eps=*/1e-8, /*amsgrad=*/false, /*maximize=*/false);
  }
  StepMuon(gradients, Rate(step));
  // young averages follow faster
  const double decay = std::min(options_.ema, (1.0 + updates_) / (10.0 + updates_));
  std::vector<at::Tensor> values;
  for (const Parameter& p : parameters_) values.push_back(p.value);
  at::_foreach_lerp_(averages_, values, 1 - decay);
  return norm;
}

void Optimizer::StepMuon(const std::vector<at::Tensor>& gradients, double rate) {
  const auto count = static_cast<int64_t>(by_muon_.size());
  if (count == 0) return;
  // each matrix by one thread, dealt out from the dearest: they are too small to be shared
  const bool cpu = parameters_[by_muon_[0]].value.is_cpu();
  const int64_t hands = cpu ? std::min<int64_t>(at::get_num_threads(), count) : 1;
  const auto deal = [&](int64_t begin, int64_t end) {
    const at::NoGradGuard guard;
    for (int64_t hand = begin; hand < end; ++hand) {
      for (int64_t k = hand; k < count; k += hands) {
        const size_t i = by_muon_[k];
        StepMuon(i, gradients[i], rate * parameters_[i].lr_scale);
      }
    }
  };
  at::parallel_for(0, hands, 1, deal);
}

void Optimizer::StepMuon(size_t i, const at::Tensor& gradient, double rate) {
  at::Tensor& value = parameters_[i].value;
  first_[i].lerp_(gradient, 1 - kMomentum);
  const at::Tensor update = Orthogonalized(gradient.lerp(first_[i], kMomentum));  // Nesterov
  const double side = static_cast<double>(std::max(value.size(0), value.size(1)));
  value.mul_(1 - rate * options_.weight_decay);
  value.add_(update, -rate * kUpdateSize * std::sqrt(side));
}

void Optimizer::Swap() {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor learning = parameters_[i].value.variable_data();
    parameters_[i].value.set_data(averages_[i]);
    averages_[i] = learning;
  }
}

TensorMap Optimizer::State() const {
  TensorMap state;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const std::string& name = parameters_[i].name;
    state.emplace("weight/" + name, parameters_[i].value.detach());
    state.emplace("average/" + name, averages_[i]);
    state.emplace("first/" + name, first_[i]);
    if (second_[i].defined()) state.emplace("second/" + name, second_[i]);
  }
  state.emplace("updates", at::scalar_tensor(updates_, at::kLong));
  return state;
}

void Optimizer::Load(const TensorMap& state, const std::string& source) {
  const at::NoGradGuard guard;
  const auto take = [&](const std::string& name, at::Tensor into) {
    const auto found = state.find(name);
    if (found == state.end() || found->second.sizes() != into.sizes()) {
      throw Error(fmt::format("{} has no {} of shape {}", source, name, ShapeText(into.sizes())),
                  "it belongs to another recipe; start anew without --resume");
    }
    into.copy_(found->second);
  };
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const std::string& name = parameters_[i].name;
    take("weight/" + name, parameters_[i].value);
    take("average/" + name, averages_[i]);
    take("first/" + name, first_[i]);
    if (second_[i].defined()) take("second/" + name, second_[i]);
  }
  at::Tensor updates = at::scalar_tensor(int64_t{0}, at::kLong);
  take("updates", updates);
  updates_ = updates.item<int64_t>();
}

}  // namespace vega
