// The seam between the trainer, which knows steps, and the stages, which know losses.

#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/train/optimizer.h"
#include "agent/train/recipe.h"
#include "agent/train/sample_store.h"
#include "agent/vega_agent.h"
#include "sim/image.h"

namespace vega {

struct StepInput {
  std::vector<int64_t> rows;  // of the store
  at::Generator generator;    // of all chance in the step; a CPU one
  bool learning = true;       // false: no augmentation, nothing dropped
};

struct StepLoss {
  at::Tensor total;                         // [] what is minimised
  std::map<std::string, at::Tensor> parts;  // [] by name, for people to read
};

class TrainStage {
 public:
  virtual ~TrainStage() = default;
  virtual std::vector<Parameter> parameters() = 0;
  // May be called by several threads at once, each with rows and a generator of its own.
  virtual StepLoss Loss(const StepInput& input) = 0;
  // Whether the loss of a batch is a mean over its samples, so that it may be computed in parts;
  // what a mask leaves out then counts by the part, not by the batch.
  virtual bool divisible() const { return true; }
  // Of held-out rows, with the averaged weights in place: scalars that are dearer than a loss, and
  // pictures to look at, by name.
  virtual std::map<std::string, double> Measure(const std::vector<int64_t>& /*rows*/) { return {}; }
  virtual std::map<std::string, Image> Pictures(const std::vector<int64_t>& /*rows*/) { return {}; }
  // After the last step, averaged weights in place: what the stage knows that a checkpoint says.
  virtual void Finish(CheckpointConfig& /*config*/) {}
};

// What a stage works on.
struct StageContext {
  const StageOptions& options;
  CheckpointConfig& config;  // of the agent; a stage may change it when it is opened
  VegaAgent agent;           // whole; the stage trains its part
  const SampleStore& samples;
  std::filesystem::path cache;  // folder for frozen features
  uint64_t seed = 0;
  // The agent's policy has learnt already, so what its numbers mean stays as it is.
  bool policy_learnt = false;
  std::function<void(const std::string&)> say;  // one line about long preparations
};

// The stage its options name. Throws Error when agent and samples do not fit.
std::unique_ptr<TrainStage> OpenStage(const StageContext& context);
std::unique_ptr<TrainStage> OpenVaeStage(const StageContext& context);
std::unique_ptr<TrainStage> OpenWorldStage(const StageContext& context);
std::unique_ptr<TrainStage> OpenSemanticStage(const StageContext& context);
std::unique_ptr<TrainStage> OpenPolicyStage(const StageContext& context);

// Named parameters of a module that learns, under `prefix`.
void AddParameters(const std::string& prefix, const torch::nn::Module& module, double lr_scale,
                   std::vector<Parameter>& into);

// frames [B,3,H,W] in [-1,1], at most `columns` each row, one picture.
Image Sheet(const at::Tensor& frames, int64_t columns);
// Peak signal-to-noise ratio in dB of pixels in [-1,1]: the mean over the first axis.
double Psnr(const at::Tensor& a, const at::Tensor& b);
// Structural similarity (Wang et al., 2004) of pictures [B,3,H,W] in [-1,1] on their grey: Gaussian
// window of 11 pixels, sigma 1.5; the mean over windows and pictures.
double Ssim(const at::Tensor& a, const at::Tensor& b);

}  // namespace vega
