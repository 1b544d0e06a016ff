// The gradient of one step's loss. On the CPU a batch is divided: each part goes forwards and
// backwards on a thread of its own, which keeps cores busier than all of them at one small
// operation after another.

#pragma once

#include <c10/core/DeviceType.h>
#include <c10/core/thread_pool.h>

#include <memory>
#include <string>
#include <vector>

#include "agent/train/optimizer.h"
#include "agent/train/stage.h"

namespace vega {

// How many parts `batch` samples are divided into among `threads`: no part has fewer than 16, where
// kernels lose more than the division gains.
int BatchParts(int64_t batch, int threads);

class BatchGradient {
 public:
  struct Options {
    int threads = 1;    // of all parts together
    bool bf16 = false;  // matrix products and convolutions
    at::DeviceType device = at::kCPU;
  };
  // `stage` must outlive this.
  BatchGradient(TrainStage& stage, std::vector<Parameter> parameters, const Options& options);

  // Leaves the gradient of the parts' mean loss, each part weighing as its rows, in the parameters,
  // and returns that loss, detached. The same parts give the same bits, whichever ends first.
  StepLoss Compute(const std::vector<StepInput>& parts);

 private:
  struct Part {
    StepLoss loss;
    std::vector<at::Tensor> gradients;  // one a parameter; undefined where the loss has none of it
  };
  Part PartOf(const StepInput& input, int threads) const;

  TrainStage& stage_;
  std::vector<Parameter> parameters_;
  Options options_;
  std::unique_ptr<c10::ThreadPool> pool_;  // made when there are parts for it
};

}  // namespace vega
