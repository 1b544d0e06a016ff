// One tensor of all samples, whose rows lie shard by shard: mapped files on the CPU, a single copy
// in a GPU's memory, so that a batch is one launch and nothing crosses the bus.

#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <string>
#include <vector>

namespace vega {

class RowTensor {
 public:
  RowTensor() = default;
  // shards [rows,...] in order, on the CPU; `names` of them for messages. Throws Error when they
  // differ in dtype or in what a row is.
  RowTensor(std::vector<at::Tensor> shards, const std::vector<std::string>& names,
            at::Device device);

  // Rows counted over all shards -> [B,...] on the device. Throws std::out_of_range.
  at::Tensor Gather(const std::vector<int64_t>& rows) const;

 private:
  std::vector<at::Tensor> shards_;
  std::vector<int64_t> first_;  // row of each shard
  int64_t count_ = 0;
  at::Tensor whole_;  // on a device other than the CPU; shards_ is then empty
};

}  // namespace vega
