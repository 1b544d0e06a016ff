// Reads recorded actions and plays them.

#include "policies/replay_policy.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/safetensors.h"

namespace vega {

std::vector<Action> LoadActions(const std::filesystem::path& file) {
  const SafetensorsFile tensors = SafetensorsFile::Open(file);
  const TensorView& tensor = tensors.at("actions");
  if (tensor.shape.size() != 2 || tensor.shape[1] != 7 || tensor.shape[0] == 0) {
    throw Error(fmt::format("{}: actions is {}", file.string(), Describe(tensor)),
                "it must be F64 or F32 [T, 7] with T >= 1");
  }
  const std::vector<double> values = tensors.Values<double>("actions");
  std::vector<Action> actions(values.size() / 7);
  for (size_t t = 0; t < actions.size(); ++t) {
    for (size_t i = 0; i < 7; ++i) {
      const double value = values[t * 7 + i];
      if (!std::isfinite(value)) {
        throw Error(fmt::format("{}: actions[{},{}] is {}", file.string(), t, i, value),
                    "every action must be a finite number");
      }
      actions[t][i] = value;
    }
  }
  return actions;
}

ReplayPolicy::ReplayPolicy(std::shared_ptr<const std::vector<Action>> actions)
    : actions_(std::move(actions)) {}

std::vector<Action> ReplayPolicy::Act(const PolicyInput& input) {
  const auto step = static_cast<size_t>(input.step);
  if (step < actions_->size()) return {(*actions_)[step]};
  Action hold = kNoOp;
  hold[6] = actions_->back()[6];
  return {hold};
}

}  // namespace vega
