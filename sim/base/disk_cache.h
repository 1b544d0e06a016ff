// Results that take long to compute, kept in $VEGA_HOME/cache under the hash of all they depend on.
//
// A file is written aside and renamed, so processes may share the folder; it holds its own
// checksum, so one that was damaged counts as absent. Least recently used files go when the folder
// outgrows its bound: 8192 MB, or $VEGA_CACHE_MB; 0 turns the cache off. Losing the folder loses
// time only.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sim/base/file.h"

namespace vega {

// The name of a result: a hash of what it was computed from.
class CacheKey {
 public:
  // `kind` is the file's extension and says what it holds, e.g. "model".
  explicit CacheKey(std::string kind) : kind_(std::move(kind)) {}

  void Add(std::span<const std::byte> bytes);
  void Add(std::string_view text) { Add(std::as_bytes(std::span(text))); }
  // Adds what a file holds. Throws Error when it cannot be read.
  void AddFile(const std::filesystem::path& file);
  // 32 hex digits and the kind.
  std::string name() const;

 private:
  std::string kind_;
  uint64_t high_ = 0x243f6a8885a308d3, low_ = 0x13198a2e03707344;
};

// The payload of a cached file, mapped; 64-byte aligned.
class CachedBytes {
 public:
  explicit CachedBytes(const std::filesystem::path& file);
  std::span<const std::byte> bytes() const { return bytes_; }
  // False when the file is not a whole cache file.
  bool sound() const { return !bytes_.empty(); }

 private:
  MappedFile file_;
  std::span<const std::byte> bytes_;
};

// Null when there is none that is sound.
std::shared_ptr<const CachedBytes> FindCached(const CacheKey& key);
// Stores the parts one after another. A cache that cannot be written is not an error.
void StoreCached(const CacheKey& key, std::span<const std::span<const std::byte>> parts);

struct CacheUse {
  std::filesystem::path folder;
  int files = 0;
  uint64_t bytes = 0;
  uint64_t bound = 0;  // bytes; 0: the cache is off
};
CacheUse InspectCache();
// Removes every file of the cache; returns what there was.
CacheUse ClearCache();

}  // namespace vega
