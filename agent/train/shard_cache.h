// Frozen features of every sample, computed once and kept on disk: one file a shard, named by the
// shard's bytes and by what computes the features, so that a changed input never finds an old file.

#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "agent/train/sample_store.h"
#include "agent/video_dit.h"
#include "agent/video_vae.h"

namespace vega {

class ShardCache {
 public:
  // rows of the store -> features [rows,...]; must not depend on how rows are grouped.
  using Compute = std::function<at::Tensor(const std::vector<int64_t>& rows)>;

  // Computes what `folder` lacks, some rows at once, and stores it in bf16. `key` tells
  // computers apart, weights included. Throws Error.
  ShardCache(const SampleStore& samples, const std::filesystem::path& folder,
             const std::string& key, const Compute& compute,
             const std::function<void(const std::string&)>& say);

  at::Tensor Gather(const std::vector<int64_t>& rows) const {  // [B,...] f32, where samples are
    return features_.Gather(rows).to(at::kFloat);
  }

 private:
  RowTensor features_;
};

// Whether a DiT needs its weight of this name for the tokens after `block`: all but the head and
// later blocks.
bool MakesTokens(const std::string& name, int64_t block);
// Tells DiTs apart that give out other tokens after `block`.
std::string TokensKey(const VideoDitImpl& dit, int64_t block);
// Tells VAEs that give out other latents apart; how they give pictures back does not count.
std::string LatentsKey(const VideoVaeImpl& vae);

}  // namespace vega
