// AdamW or Muon with a warm-up and a cosine, gradient clipping, and averaged weights, over named
// parameters; the whole state can be stored and taken up again bit for bit.
//
// Muon (Jordan et al., 2024) replaces the update of a matrix by the nearest one whose singular
// values are all alike, so that no direction is learnt at the cost of others. Its size is that of
// AdamW's updates (Liu et al., 2025, arXiv 2502.16982), so rates and decay carry over. What is no
// inner matrix (vectors, embeddings, kernels, first and last layers with a side under 64) stays
// with AdamW.

#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "agent/tensor_file.h"
#include "agent/train/recipe.h"

namespace vega {

struct Parameter {
  std::string name;
  at::Tensor value;       // shares memory with the module
  double lr_scale = 1.0;  // of the rate
};

// x [M,N] with its singular values brought near 1, within about 0.7 to 1.2: five Newton-Schulz
// steps of Muon's quintic, in bf16. A matrix of zeros stays one.
at::Tensor Orthogonalized(const at::Tensor& x);

class Optimizer {
 public:
  // Turns gradients of the parameters on. Throws Error when there are none.
  Optimizer(std::vector<Parameter> parameters, const OptimizerOptions& options, int64_t steps);

  // Linear warm-up, then half a cosine to final_lr at the last step.
  double Rate(int64_t step) const;
  // One update with the gradients as they are; returns their norm before clipping []. Nothing waits
  // for the device.
  at::Tensor Step(int64_t step);

  // The averaged weights in place of the learning ones while it lives.
  class Averaged {
   public:
    explicit Averaged(Optimizer& optimizer) : optimizer_(optimizer) { optimizer_.Swap(); }
    ~Averaged() { optimizer_.Swap(); }
    Averaged(const Averaged&) = delete;
    Averaged& operator=(const Averaged&) = delete;

   private:
    Optimizer& optimizer_;
  };

  // The same for good, after the last step.
  void KeepAveraged() { Swap(); }

  TensorMap State() const;  // weights, averages and moments
  // Throws Error when the state is not of these parameters; `source` names it.
  void Load(const TensorMap& state, const std::string& source);

 private:
  void Swap();

  // Muon's updates, all of them; then that of parameters_[i].
  void StepMuon(const std::vector<at::Tensor>& gradients, double rate);
  void StepMuon(size_t i, const at::Tensor& gradient, double rate);

  struct Group {  // parameters with the same rate and decay
    double lr_scale = 1.0, weight_decay = 0;
    std::vector<at::Tensor> values, gradients, first, second, steps;
  };
  OptimizerOptions options_;
  int64_t steps_;
  std::vector<Parameter> parameters_;
  std::vector<at::Tensor> first_, averages_;  // of parameters_
  std::vector<at::Tensor> second_;            // likewise; undefined where Muon updates
  std::vector<size_t> by_muon_;               // of parameters_, the dearest first
  int64_t updates_ = 0;
};

}  // namespace vega
