// Entries in memory or in files, the least recently used dropped.

#define XXH_INLINE_ALL
#include <ATen/ATen.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <system_error>
#include <utility>
#include <vector>

#include "agent/cached_backend.h"
#include "agent/tensor_file.h"
#include "sim/base/error.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

constexpr char kChecksum[] = "checksum";

// calls f(name, tensor) for each tensor there may be
template <typename Features, typename F>
void ForEach(Features& features, F f) {
  f("latents", features.latents);
  f("noisy", features.noisy);
  f("tokens", features.tokens);
  f("pooled", features.pooled);
}

int64_t Bytes(const VideoFeatures& features) {
  int64_t bytes = 0;
  ForEach(features, [&](const char*, const at::Tensor& tensor) {
    if (tensor.defined()) bytes += static_cast<int64_t>(tensor.nbytes());
  });
  return bytes;
}

int64_t Checksum(const TensorMap& tensors) {
  uint64_t sum = 0;
  for (const auto& [name, tensor] : tensors) {
    if (name == kChecksum) continue;
    sum = XXH3_64bits_withSeed(name.data(), name.size(), sum);
    const at::Tensor whole = tensor.contiguous();
    sum = XXH3_64bits_withSeed(whole.data_ptr(), whole.nbytes(), sum);
  }
  return static_cast<int64_t>(sum);
}

}  // namespace

FeatureCache::FeatureCache(const FeatureCacheOptions& options) : options_(options) {
  if (options.max_bytes <= 0) {
    throw Error(fmt::format("a feature cache of {} bytes holds nothing", options.max_bytes));
  }
  if (options.folder.empty()) return;
  std::error_code error;
  fs::create_directories(options.folder, error);
  if (!fs::is_directory(options.folder)) {
    throw Error(fmt::format("cannot make the feature cache {}", options.folder.string()),
                error ? error.message() : "name a folder that can be written");
  }
  for (const auto& entry : fs::recursive_directory_iterator(options.folder, error)) {
    if (entry.is_regular_file(error)) bytes_ += static_cast<int64_t>(entry.file_size(error));
  }
}

FeatureCache::Counts FeatureCache::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

fs::path FeatureCache::File(const std::string& key) const {
  return options_.folder / key.substr(0, 2) / (key + ".safetensors");
}

std::optional<VideoFeatures> FeatureCache::Find(const std::string& key) {
  std::optional<VideoFeatures> found;
  if (!options_.folder.empty()) found = Read(key);
  const std::lock_guard lock(mutex_);
  if (const auto entry = by_key_.find(key); entry != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, entry->second);
    found = entry->second->features;
  }
  ++(found ? counts_.hits : counts_.misses);
  return found;
}

std::optional<VideoFeatures> FeatureCache::Read(const std::string& key) {
  const fs::path file = File(key);
  std::error_code error;
  if (!fs::exists(file, error)) return {};
  std::string wrong;
  try {
    TensorMap tensors = ReadTensors(file);
    const auto sum = tensors.find(kChecksum);
    if (sum != tensors.end() && sum->second.item<int64_t>() == Checksum(tensors)) {
      VideoFeatures features;
      ForEach(features, [&](const char* name, at::Tensor& tensor) {
        if (const auto at = tensors.find(name); at != tensors.end()) tensor = at->second;
      });
      fs::last_write_time(file, fs::file_time_type::clock::now(), error);  // used just now
      return features;
    }
    wrong = "its checksum is wrong";
  } catch (const std::exception& exception) {
    if (!fs::exists(file, error)) return {};  // dropped by another process meanwhile
    wrong = exception.what();
  }
  fmt::print(stderr, "vega: feature cache entry {} is computed again: {}\n", file.string(), wrong);
  fs::remove(file, error);
  const std::lock_guard lock(mutex_);
  ++counts_.corrupt;
  return {};
}

void FeatureCache::Put(const std::string& key, const VideoFeatures& features) {
  VideoFeatures kept;
  kept.pooled = features.pooled;
  if (!options_.pooled_only) kept = features;
  if (Bytes(kept) > options_.max_bytes) return;
  if (options_.folder.empty()) return PutInMemory(key, kept);
  TensorMap tensors;
  ForEach(kept, [&](const char* name, const at::Tensor& tensor) {
    if (tensor.defined()) tensors[name] = tensor;
  });
  tensors[kChecksum] = at::scalar_tensor(Checksum(tensors), at::kLong);
  try {
    const fs::path file = File(key);
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    WriteTensors(file, tensors);
    bytes_ += static_cast<int64_t>(fs::file_size(file, error));
  } catch (const Error& error) {
    const std::lock_guard lock(mutex_);
    if (counts_.unwritten++ == 0) {
      fmt::print(stderr, "vega: features are not cached: {}\n", error.what());
    }
    return;
  }
  if (bytes_ > options_.max_bytes) Evict();
}

void FeatureCache::PutInMemory(const std::string& key, const VideoFeatures& features) {
  const std::lock_guard lock(mutex_);
  if (by_key_.contains(key)) return;  // another thread was faster
  entries_.push_front({key, features});
  by_key_[key] = entries_.begin();
  bytes_ += Bytes(features);
  while (bytes_ > options_.max_bytes) {
    bytes_ -= Bytes(entries_.back().features);
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
    ++counts_.evictions;
  }
}

void FeatureCache::Evict() {
  const std::lock_guard lock(mutex_);
  struct File {
    fs::file_time_type used;
    int64_t bytes;
    fs::path path;
  };
  std::vector<File> files;
  std::error_code error;
  int64_t total = 0;
  for (const auto& entry : fs::recursive_directory_iterator(options_.folder, error)) {
    std::error_code gone;  // other processes drop entries too
    if (!entry.is_regular_file(gone)) continue;
    const auto bytes = static_cast<int64_t>(entry.file_size(gone));
    const auto used = entry.last_write_time(gone);
    if (gone) continue;
    files.push_back({used, bytes, entry.path()});
    total += bytes;
  }
  // a tenth more than is needed, so that the folder is not read for each new entry
  const int64_t wanted = total > options_.max_bytes ? options_.max_bytes / 10 * 9 : total;
  std::sort(files.begin(), files.end(),
            [](const File& a, const File& b) { return a.used < b.used; });
  for (size_t i = 0; i < files.size() && total > wanted; ++i) {
    if (fs::remove(files[i].path, error)) ++counts_.evictions;
    total -= files[i].bytes;
  }
  bytes_ = total;
}

}  // namespace vega
