// Finding and opening weights.

#include "agent/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <nlohmann/json.hpp>

#include "agent/torch_pickle.h"
#include "sim/base/error.h"
#include "sim/base/file.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

// {"weight_map": {tensor: file}}
TensorMap OpenShards(const fs::path& index) {
  const MappedFile mapped(index);
  const auto json = nlohmann::json::parse(mapped.text(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object()) {
    throw Error(fmt::format("{} is no index of shards", index.string()),
                "it needs an object \"weight_map\" of tensor to file");
  }
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, file] : json["weight_map"].items()) {
    if (!file.is_string() || fs::path(file.get<std::string>()).has_parent_path()) {
      throw Error(fmt::format("{}: '{}' is in no file beside it", index.string(), tensor));
    }
    shards[file.get<std::string>()].push_back(tensor);
  }
  TensorMap all;
  for (const auto& [file, names] : shards) {
    TensorMap tensors = MapTensors(index.parent_path() / file);
    for (const std::string& name : names) {
      if (!tensors.contains(name)) {
        throw Error(
            fmt::format("{} says {} holds '{}', which it does not", index.string(), file, name),
            "fetch the shards again");
      }
    }
    if (tensors.size() != names.size()) {
      throw Error(fmt::format("{}: {} holds {} tensors, the index names {}", index.string(), file,
                              tensors.size(), names.size()),
                  "fetch the shards again");
    }
    all.merge(tensors);
  }
  return all;
}

}  // namespace

Weights OpenWeights(const fs::path& path) {
  const std::string name = path.filename().string();
  if (name.ends_with(".index.json")) return {OpenShards(path), path.string()};
  if (name.ends_with(".safetensors")) return {MapTensors(path), path.string()};
  if (name.ends_with(".pth") || name.ends_with(".pt") || name.ends_with(".bin")) {
    return {MapTorchPickle(path), path.string()};
  }
  throw Error(fmt::format("{} is no file of weights", path.string()),
              "names end in .safetensors, .index.json, .pth, .pt or .bin");
}

fs::path FindWeights(const fs::path& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (fs::exists(folder / name)) return folder / name;
    const std::string index = name + ".index.json";
    if (name.ends_with(".safetensors") && fs::exists(folder / index)) return folder / index;
  }
  throw Error(fmt::format("no weights in {}", folder.string()),
              fmt::format("looked for {}", fmt::join(names, ", ")));
}

}  // namespace vega
