// A collection on disk while it grows, and its end as data sets.
//
//   F.hdf5.parts/manifest.json             what is collected and by which flags
//   F.hdf5.parts/task03_episode0007.hdf5   one finished episode, a data set of its own
//   F.hdf5.parts/task03_episode0008.failed why an episode has no demonstration, one line
//   F.hdf5                                 all of them, when the last is there; then the parts go
//
// Each file appears whole or not at all, so a kill at any moment loses only the episodes that were
// running, and the next run goes on with exactly those that are missing.

#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/folder_lock.h"
#include "tasks/dataset/collection.h"

namespace vega {

class CollectionFolder {
 public:
  // Starts a collection for `out`, an .hdf5 file, or a folder that gets one file a task. Throws
  // Error when `out` exists, or an unfinished collection of it does.
  static CollectionFolder Create(const std::filesystem::path& out, nlohmann::ordered_json manifest);
  // Takes one up. Throws Error when there is none, another process writes it, or its manifest
  // differs in "config", naming the first difference.
  static CollectionFolder Resume(const std::filesystem::path& out, nlohmann::ordered_json manifest);

  // `out` was finished by an earlier run: nothing is left to do.
  bool complete() const { return complete_; }
  bool Has(const CollectionJob& job) const;
  // Stores a finished episode. Throws Error, e.g. when the disk is full; the others stay.
  void Add(const DemoTask& task, const CollectedEpisode& episode, const DatasetContract& contract,
           int compression);
  // Of the jobs, those that ended without a demonstration, and why.
  std::vector<std::pair<CollectionJob, std::string>> Failed(
      const std::vector<CollectionJob>& jobs) const;
  // Puts the episodes together, in the order of `jobs`, all of which are done, and removes the
  // parts. Returns the files. Throws Error when no job gave a demonstration.
  std::vector<std::filesystem::path> Finish(const std::vector<CollectionJob>& jobs,
                                            const std::vector<std::string>& task_names,
                                            const DatasetContract& contract);

 private:
  CollectionFolder(std::filesystem::path out, nlohmann::ordered_json manifest);
  void Lock();
  std::filesystem::path Part(const CollectionJob& job, const char* extension) const;

  std::filesystem::path out_, parts_;
  nlohmann::ordered_json manifest_;
  bool complete_ = false;
  std::optional<FolderLock> lock_;  // of the parts
};

}  // namespace vega
