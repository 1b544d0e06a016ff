#include "tasks/dataset/collection_folder.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "tasks/dataset/hdf5_writer.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr char kManifest[] = "manifest.json";
constexpr char kDemo[] = "hdf5";
constexpr char kFailed[] = "failed";

bool IsFile(const fs::path& out) {
  return out.extension() == ".hdf5" || out.extension() == ".h5" || out.extension() == ".hdf";
}

fs::path PartsOf(const fs::path& out) {
  fs::path plain = out;
  if (plain.filename().empty()) plain = plain.parent_path();  // a/b/ means a/b
  return plain.string() + ".parts";
}

// the first file of a finished collection
fs::path FirstFile(const fs::path& out) {
  if (!fs::is_directory(out)) return out;
  for (const auto& entry : fs::directory_iterator(out)) {
    if (IsFile(entry.path())) return entry.path();
  }
  throw Error(out.string() + " holds no data set", "choose another --out");
}

void RequireSameConfig(const Json& was, const Json& now, const fs::path& where) {
  const Json config = was.value("config", Json::object());
  for (const auto& [key, value] : now.at("config").items()) {
    if (!config.contains(key) && value == 0) continue;  // older than the flag
    const Json before = config.value(key, Json());
    if (before == value) continue;
    throw Error(fmt::format("{} was collected with another {}: it is {}, not {}", where.string(),
                            key, before.dump(), value.dump()),
                "resume with the flags it was started with, or choose another --out");
  }
}

Json ReadJson(const std::string& text, const fs::path& where) {
  try {
    return Json::parse(text);
  } catch (const Json::exception&) {
    throw Error(where.string() + " is not valid JSON", "collect again to another --out");
  }
}

void WriteText(const fs::path& path, const std::string& text) {
  AtomicFile file(path);
  file.Write(text);
  file.Commit();
}

}  // namespace

CollectionFolder::CollectionFolder(fs::path out, Json manifest)
    : out_(std::move(out)), parts_(PartsOf(out_)), manifest_(std::move(manifest)) {}

void CollectionFolder::Lock() {
  lock_ = FolderLock::Try(parts_);
  if (!lock_) {
    throw Error(parts_.string() + " is being written by another vega collect",
                "wait for it to end");
  }
}

CollectionFolder CollectionFolder::Create(const fs::path& out, Json manifest) {
  CollectionFolder folder(out, std::move(manifest));
  std::error_code error;
  if (fs::exists(folder.parts_, error)) {
    throw Error(folder.parts_.string() + " holds a collection that was not finished",
                "--resume continues it; or remove that folder");
  }
  const bool taken = fs::is_directory(out) ? !fs::is_empty(out) : fs::exists(out);
  if (taken) {
    throw Error(out.string() + " is there already", "choose another --out");
  }
  fs::create_directories(folder.parts_, error);
  if (error) {
    throw Error(
        fmt::format("cannot make the folder {}: {}", folder.parts_.string(), error.message()),
        "choose an --out you can write to");
  }
  folder.Lock();
  try {
    WriteText(folder.parts_ / kManifest, folder.manifest_.dump(2) + "\n");
  } catch (const Error&) {
    fs::remove_all(folder.parts_, error);
    throw;
  }
  return folder;
}

CollectionFolder CollectionFolder::Resume(const fs::path& out, Json manifest) {
  CollectionFolder folder(out, manifest);
  const fs::path file = folder.parts_ / kManifest;
  if (fs::exists(file)) {
    folder.Lock();
    folder.manifest_ = ReadJson(std::string(MappedFile(file).text()), file);
    RequireSameConfig(folder.manifest_, manifest, out);
    return folder;
  }
  if (!fs::exists(out)) {
    throw Error(out.string() + " holds no collection to resume",
                "check --out, or leave out --resume");
  }
  const fs::path first = FirstFile(out);
  const Hdf5Group data = Hdf5Group::Open(first).Group("data");
  RequireSameConfig(ReadJson(data.TextAttribute("vega_collection"), first), manifest, out);
  folder.complete_ = true;
  return folder;
}

fs::path CollectionFolder::Part(const CollectionJob& job, const char* extension) const {
  return parts_ / fmt::format("task{:02}_episode{:04}.{}", job.task, job.episode, extension);
}

bool CollectionFolder::Has(const CollectionJob& job) const {
  return complete_ || fs::exists(Part(job, kDemo)) || fs::exists(Part(job, kFailed));
}

void CollectionFolder::Add(const DemoTask& task, const CollectedEpisode& episode,
                           const DatasetContract& contract, int compression) {
  if (!episode.kept) {
    WriteText(Part(episode.job, kFailed),
              fmt::format("{} attempts, the last: {}\n", episode.attempts, episode.failure));
    return;
  }
  Hdf5Writer writer(Part(episode.job, kDemo), contract, compression);
  writer.Add(task, episode.demo);
  writer.Finish(manifest_.dump());
}

std::vector<std::pair<CollectionJob, std::string>> CollectionFolder::Failed(
    const std::vector<CollectionJob>& jobs) const {
  std::vector<std::pair<CollectionJob, std::string>> failed;
  for (const CollectionJob& job : jobs) {
    const fs::path file = Part(job, kFailed);
    if (!fs::exists(file)) continue;
    std::string why(MappedFile(file).text());
    while (!why.empty() && why.back() == '\n') why.pop_back();
    failed.emplace_back(job, std::move(why));
  }
  return failed;
}

std::vector<fs::path> CollectionFolder::Finish(const std::vector<CollectionJob>& jobs,
                                               const std::vector<std::string>& task_names,
                                               const DatasetContract& contract) {
  // which file each demo goes to
  std::map<fs::path, std::vector<fs::path>> files;
  if (!IsFile(out_)) fs::create_directories(out_);
  for (const CollectionJob& job : jobs) {
    const fs::path part = Part(job, kDemo);
    if (!fs::exists(part)) continue;
    files[IsFile(out_) ? out_ : out_ / (task_names.at(job.task) + "_demo.hdf5")].push_back(part);
  }
  if (files.empty()) {
    throw Error("no episode gave a demonstration",
                "see the .failed files in " + parts_.string() + ", or keep --all-outcomes");
  }
  std::vector<fs::path> written;
  for (const auto& [file, parts] : files) {
    Hdf5Writer writer(file, contract);
    for (const fs::path& part : parts) writer.AddFrom(part);
    writer.Finish(manifest_.dump());
    written.push_back(file);
  }
  fs::remove_all(parts_);
  return written;
}

}  // namespace vega
