// A pack on disk while it grows and when it is whole.
//
//   PACK/packing.json              what it is made of; only until it is whole
//   PACK/shard-00003.safetensors   appears whole or not at all
//   PACK/pack.json                 when the last shard is there

#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "sim/base/folder_lock.h"

namespace vega {

class PackFolder {
 public:
  // Starts a pack in a folder that is new or empty, or with `resume` takes one up. Throws Error
  // when the folder is in use, holds something else, or was begun with another config, naming the
  // first difference.
  PackFolder(std::filesystem::path folder, const nlohmann::ordered_json& config, bool resume);
  PackFolder(const PackFolder&) = delete;
  PackFolder& operator=(const PackFolder&) = delete;

  // An earlier run made all of it: nothing is left to do.
  bool complete() const { return complete_; }
  bool Has(size_t shard) const;
  std::filesystem::path Shard(size_t shard) const;
  // Makes the pack whole.
  void Finish(const nlohmann::ordered_json& pack);

 private:
  std::filesystem::path folder_;
  bool complete_ = false;
  std::optional<FolderLock> lock_;  // of the folder, while it is being written
};

// The pack.json of a whole pack. Throws Error when the folder holds none, or one cut short.
nlohmann::ordered_json ReadPack(const std::filesystem::path& folder);

// Whether a folder holds a pack, whole or not.
bool IsPack(const std::filesystem::path& folder);

}  // namespace vega
