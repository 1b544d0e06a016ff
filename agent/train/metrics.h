// What a run says of itself over its steps: metrics.jsonl and TensorBoard's event file.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "agent/train/event_file.h"
#include "sim/image.h"

namespace vega {

using Scalars = std::map<std::string, double>;

class Metrics {
 public:
  // Drops lines of stages and steps that are about to be run again. Throws Error.
  Metrics(const std::filesystem::path& folder, int stage, int64_t step);

  // `index` counts stages from 0. Throws Error when it cannot be written.
  void Add(int index, const std::string& stage, int64_t step, const Scalars& scalars);
  void Add(const std::string& stage, int64_t step, const std::map<std::string, Image>& pictures);

 private:
  std::filesystem::path file_;
  EventFile events_;
};

}  // namespace vega
