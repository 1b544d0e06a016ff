// Training samples on disk: the folders `vega dataset pack` writes, seen as one table of rows.
// Files are mapped, so on the CPU a store of any size costs no memory; what each tensor holds is
// said in docs/TRAINING.md.

#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "agent/checkpoint.h"
#include "agent/tensor_file.h"
#include "agent/train/row_tensor.h"

namespace vega {

class SampleStore {
 public:
  // Throws Error when a folder is no pack, is not whole, or differs from the first one in cameras,
  // size, orientation, render quality, clip, chunk or proprio; it names the difference. What is
  // gathered lies on `device`; another than the CPU holds each tensor whole from its first use on.
  explicit SampleStore(const std::vector<std::filesystem::path>& folders,
                       at::Device device = at::kCPU);

  at::Device device() const { return device_; }
  int64_t size() const { return static_cast<int64_t>(instruction_.size()); }
  // What a policy trained on these pictures expects; normalisation over all packs, by the widest
  // bounds.
  const AgentContract& contract() const { return contract_; }
  // Rows to learn from, and rows of whole episodes kept aside.
  const std::vector<int64_t>& learnt() const { return learnt_; }
  const std::vector<int64_t>& held_out() const { return held_out_; }
  const std::vector<std::string>& categories() const { return categories_; }      // by name, sorted
  const std::vector<std::string>& instructions() const { return instructions_; }  // likewise

  // The tensor `name` of the given rows, stacked: [B,...]. Throws Error when a pack has none.
  at::Tensor Gather(const std::string& name, const std::vector<int64_t>& rows) const;
  // Tensors that belong to the shards but lie elsewhere, one a shard, as one table.
  RowTensor Table(std::vector<at::Tensor> of_shards) const;
  // "segmentation" with indices into categories() [B,cameras,h,w] i64.
  at::Tensor Categories(const std::vector<int64_t>& rows) const;
  // Indices into instructions() (B).
  std::vector<int64_t> Instructions(const std::vector<int64_t>& rows) const;
  // Names a row for good, whatever packs lie beside it: "PACK/123".
  std::string Name(int64_t row) const;
  // Shards in order, with the rows they hold.
  struct Shard {
    std::filesystem::path file;
    TensorMap tensors;
    int pack = 0;
    int64_t first = 0, count = 0;  // rows of the store
  };
  const std::vector<Shard>& shards() const { return shards_; }

 private:
  struct Pack {
    std::string name;
    std::vector<std::string> categories, instructions;
  };
  void Open(const std::filesystem::path& folder);
  void NameCategories();
  void NameInstructions();
  const Shard& ShardOf(int64_t row) const;
  const RowTensor& TableOf(const std::string& name) const;  // stays where it is

  at::Device device_;
  AgentContract contract_;
  std::vector<Pack> packs_;
  std::vector<Shard> shards_;
  std::vector<int64_t> learnt_, held_out_;
  std::vector<std::string> categories_, instructions_;
  std::vector<int64_t> instruction_;  // of each row, in instructions_
  at::Tensor category_of_;            // [packs,256] i64: a pack's own index to the store's, or -1
  mutable std::mutex tables_mutex_;
  mutable std::map<std::string, RowTensor> tables_;  // by tensor, made when asked for
};

// Which rows each step sees: every epoch is a permutation of its own, a pure function of seed and
// step, so a resumed run goes on as if it had never stopped.
class BatchOrder {
 public:
  // Throws Error when `rows` is empty.
  BatchOrder(std::vector<int64_t> rows, int64_t batch, uint64_t seed);
  std::vector<int64_t> Rows(int64_t step);  // (batch)

 private:
  const std::vector<int64_t>& Epoch(int64_t epoch);

  std::vector<int64_t> rows_, shuffled_;
  int64_t batch_, epoch_ = -1;
  uint64_t seed_;
};

}  // namespace vega
