// Rows found by the shard they lie in.

#include "agent/train/row_tensor.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {

RowTensor::RowTensor(std::vector<at::Tensor> shards, const std::vector<std::string>& names,
                     at::Device device)
    : shards_(std::move(shards)) {
  for (size_t i = 0; i < shards_.size(); ++i) {
    if (shards_[i].sizes().slice(1) != shards_[0].sizes().slice(1) ||
        shards_[i].scalar_type() != shards_[0].scalar_type()) {
      throw Error(fmt::format("{}: a tensor of shape {}, where shards before it have {} a sample",
                              names[i], ShapeText(shards_[i].sizes()),
                              ShapeText(shards_[0].sizes().slice(1))));
    }
    first_.push_back(count_);
    count_ += shards_[i].size(0);
  }
  if (device.is_cpu() || shards_.empty()) return;
  std::vector<int64_t> shape = shards_[0].sizes().vec();
  shape[0] = count_;
  whole_ = at::empty(shape, shards_[0].options().device(device));
  for (size_t i = 0; i < shards_.size(); ++i) {
    whole_.narrow(0, first_[i], shards_[i].size(0)).copy_(shards_[i]);
  }
  shards_.clear();
}

at::Tensor RowTensor::Gather(const std::vector<int64_t>& rows) const {
  for (const int64_t row : rows) {
    if (row < 0 || row >= count_) throw std::out_of_range("row");
  }
  if (whole_.defined()) {
    return whole_.index_select(0, at::tensor(rows, at::kLong).to(whole_.device()));
  }
  std::vector<int64_t> shape = shards_.at(0).sizes().vec();
  shape[0] = static_cast<int64_t>(rows.size());
  at::Tensor out = at::empty(shape, shards_[0].options());
  const size_t bytes = rows.empty() ? 0 : out.nbytes() / rows.size();  // of a row
  auto* into = static_cast<std::byte*>(out.mutable_data_ptr());
  for (const int64_t row : rows) {
    const size_t shard = std::upper_bound(first_.begin(), first_.end(), row) - first_.begin() - 1;
    const auto* from = static_cast<const std::byte*>(shards_[shard].const_data_ptr());
    std::memcpy(into, from + (row - first_[shard]) * bytes, bytes);
    into += bytes;
  }
  return out;
}

}  // namespace vega
