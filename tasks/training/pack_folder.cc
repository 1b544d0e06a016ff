#include "tasks/training/pack_folder.h"

#include <fmt/format.h>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "tasks/training/pack_plan.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr char kPack[] = "pack.json";
constexpr char kPacking[] = "packing.json";

Json ReadJson(const fs::path& file) {
  const Json json = Json::parse(MappedFile(file).text(), nullptr, false);
  if (!json.is_object()) {
    throw Error(file.string() + " is not valid JSON", "pack again to another --out");
  }
  return json;
}

void WriteJson(const fs::path& path, const Json& json) {
  AtomicFile file(path);
  file.Write(json.dump(2) + "\n");
  file.Commit();
}

void RequireSameConfig(const Json& was, const Json& now, const fs::path& folder) {
  Json all = was;  // either may lack what is as usual
  all.update(now);
  for (const auto& [key, _] : all.items()) {
    const Json before = was.value(key, Json()), value = now.value(key, Json());
    if (before == value) continue;
    const bool brief = key != "sources";
    throw Error(fmt::format("{} was packed with another {}{}", folder.string(), key,
                            brief ? fmt::format(": {}, not {}", before.dump(), value.dump())
                                  : std::string(" (files or their contents)")),
                "resume with the flags it was started with, or choose another --out");
  }
}

}  // namespace

PackFolder::PackFolder(fs::path folder, const Json& config, bool resume)
    : folder_(std::move(folder)) {
  const bool begun = fs::exists(folder_ / kPacking), whole = fs::exists(folder_ / kPack);
  if (resume && !begun && !whole) {
    throw Error(folder_.string() + " holds no pack to resume",
                "check --out, or leave out --resume");
  }
  if (!resume && begun && !whole) {
    throw Error(folder_.string() + " holds a pack that was not finished",
                "--resume continues it; or remove that folder");
  }
  if (!resume && fs::exists(folder_) && !(fs::is_directory(folder_) && fs::is_empty(folder_))) {
    throw Error(folder_.string() + " is there already", "choose another --out");
  }
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) {
    throw Error(fmt::format("cannot make the folder {}: {}", folder_.string(), error.message()),
                "choose an --out you can write to");
  }
  lock_ = FolderLock::Try(folder_);
  if (!lock_) {
    throw Error(folder_.string() + " is being written by another vega dataset pack",
                "wait for it to end");
  }
  if (whole) {
    RequireSameConfig(ReadJson(folder_ / kPack).value("config", Json::object()), config, folder_);
    complete_ = true;
  } else if (begun) {
    RequireSameConfig(ReadJson(folder_ / kPacking), config, folder_);
  } else {
    WriteJson(folder_ / kPacking, config);
  }
}

fs::path PackFolder::Shard(size_t shard) const { return folder_ / ShardName(shard); }

bool PackFolder::Has(size_t shard) const { return fs::exists(Shard(shard)); }

void PackFolder::Finish(const Json& pack) {
  WriteJson(folder_ / kPack, pack);
  fs::remove(folder_ / kPacking);
  complete_ = true;
}

Json ReadPack(const fs::path& folder) {
  if (!fs::exists(folder / kPack)) {
    throw Error(
        folder.string() + (fs::exists(folder / kPacking) ? " holds a pack that is not finished"
                                                         : " holds no pack: there is no pack.json"),
        fs::exists(folder / kPacking) ? "continue it with vega dataset pack ... --resume"
                                      : "vega dataset pack makes one");
  }
  const Json pack = ReadJson(folder / kPack);
  if (pack.value("format", Json()) != "vega-pack-1") {
    throw Error((folder / kPack).string() + " is not of format vega-pack-1",
                "pack again with this version of vega");
  }
  return pack;
}

bool IsPack(const fs::path& folder) {
  return fs::is_directory(folder) && (fs::exists(folder / kPack) || fs::exists(folder / kPacking));
}

}  // namespace vega
