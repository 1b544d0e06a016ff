// Features computed once: a wrapper that keeps what a tower answered, by the content of the
// question.
//
// Requests with a stream, whose answers depend on earlier ones, always go to the tower.
//
// The key is a hash of the tower's identity (options and weights), the bytes of a clip and its
// noise; each clip of a batch is an entry of its own. A hit gives back the bytes that were stored.
// On disk an entry is one safetensors file, written aside and renamed, so any number of processes
// may share a folder. An entry that cannot be read or whose checksum is wrong is computed again,
// with a note. The least recently used entries go when the cache is full.

#pragma once

#include <atomic>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "agent/feature_backend.h"

namespace vega {

struct FeatureCacheOptions {
  std::filesystem::path folder;          // made where it does not exist; empty: in memory
  int64_t max_bytes = int64_t{1} << 30;  // of all entries, > 0
  bool pooled_only = false;  // keep `pooled` alone, a small part of all; what training reads
};

// Entries by key; callable from several threads at once. Features lie on the CPU.
class FeatureCache {
 public:
  struct Counts {
    int64_t hits = 0, misses = 0, evictions = 0, corrupt = 0, unwritten = 0;
  };

  // Throws Error when the folder cannot be made.
  explicit FeatureCache(const FeatureCacheOptions& options);

  std::optional<VideoFeatures> Find(const std::string& key);
  // An entry that cannot be written is noted on stderr, once, and counted.
  void Put(const std::string& key, const VideoFeatures& features);
  Counts counts() const;
  int64_t bytes() const { return bytes_; }  // of all entries, as far as this process knows

 private:
  struct Entry {
    std::string key;
    VideoFeatures features;
  };
  std::filesystem::path File(const std::string& key) const;
  std::optional<VideoFeatures> Read(const std::string& key);
  void Evict();
  void PutInMemory(const std::string& key, const VideoFeatures& features);

  FeatureCacheOptions options_;
  mutable std::mutex mutex_;  // guards what follows
  std::list<Entry> entries_;  // in memory, most recently used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
  Counts counts_;
  std::atomic<int64_t> bytes_ = 0;
};

class CachedBackend : public FeatureBackend {
 public:
  // `identity` says all that the tower's features depend on besides the request. Features are given
  // back on `device`.
  CachedBackend(std::shared_ptr<FeatureBackend> tower, std::string identity,
                const FeatureCacheOptions& options, at::Device device = at::kCPU);
  VideoFeatures Extract(const FeatureRequest& request, StageTimes* times) override;
  int64_t width() const override { return tower_->width(); }
  TokenGrid grid() const override { return tower_->grid(); }
  FeatureCache::Counts counts() const { return cache_.counts(); }

 private:
  std::string Key(const FeatureRequest& request, int64_t clip) const;

  std::shared_ptr<FeatureBackend> tower_;
  std::string identity_;
  bool pooled_only_;
  FeatureCache cache_;
  at::Device device_;
};

}  // namespace vega
