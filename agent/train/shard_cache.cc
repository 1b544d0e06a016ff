// Features computed shard by shard.

#include "agent/train/shard_cache.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/nn/module.h>

#include <chrono>
#include <numeric>

#include "agent/tensor_file.h"
#include "sim/base/file.h"
#include "sim/base/hash.h"

namespace vega {

ShardCache::ShardCache(const SampleStore& samples, const std::filesystem::path& folder,
                       const std::string& key, const Compute& compute,
                       const std::function<void(const std::string&)>& say) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const int64_t batch = samples.device().is_cpu() ? 16 : 256;
  std::vector<at::Tensor> features;
  auto spoke = std::chrono::steady_clock::now();
  for (const SampleStore::Shard& shard : samples.shards()) {
    const uint64_t content = FastHash64(MappedFile(shard.file).bytes(), Hash64(key));
    const auto file = folder / fmt::format("{:016x}.safetensors", content);
    if (!std::filesystem::exists(file)) {
      const at::NoGradGuard guard;
      std::vector<at::Tensor> parts;
      for (int64_t first = 0; first < shard.count; first += batch) {
        std::vector<int64_t> rows(std::min(batch, shard.count - first));
        std::iota(rows.begin(), rows.end(), shard.first + first);
        parts.push_back(compute(rows).to(at::kBFloat16));
      }
      WriteTensors(file, {{"features", at::cat(parts)}}, {{"of", key}});
      const auto now = std::chrono::steady_clock::now();
      if (now - spoke > std::chrono::seconds(10)) {
        say(fmt::format("features of {} of {} samples", shard.first + shard.count, samples.size()));
        spoke = now;
      }
    }
    features.push_back(MapTensors(file).at("features"));
  }
  features_ = samples.Table(std::move(features));
}

namespace {

// of the weights whose names count
uint64_t HashWeights(const torch::nn::Module& module,
                     const std::function<bool(const std::string& name)>& counts) {
  uint64_t hash = kHashSeed;
  for (const auto& [name, tensor] : NamedTensors(module)) {
    if (!counts(name)) continue;
    const at::Tensor values = tensor.detach().cpu().contiguous();
    hash = Hash64(name, hash);
    hash =
        FastHash64({static_cast<const std::byte*>(values.const_data_ptr()), values.nbytes()}, hash);
  }
  return hash;
}

}  // namespace

bool MakesTokens(const std::string& name, int64_t block) {
  const std::string prefix = "blocks.";
  if (name.starts_with(prefix)) return std::stoll(name.substr(prefix.size())) <= block;
  return !name.starts_with("head.");
}

std::string TokensKey(const VideoDitImpl& dit, int64_t block) {
  return fmt::format("{:016x}", HashWeights(dit, [&](const std::string& name) {
                       return MakesTokens(name, block);
                     }));
}

std::string LatentsKey(const VideoVaeImpl& vae) {
  const uint64_t hash = HashWeights(vae, [](const std::string& name) {
    return !name.starts_with("decoder.") && !name.starts_with("conv2.");
  });
  const VideoVaeOptions& o = vae.options();
  return fmt::format("{:016x}", Hash64(fmt::format("{} {}", fmt::join(o.latents_mean, ","),
                                                   fmt::join(o.latents_std, ",")),
                                       hash));
}

}  // namespace vega
