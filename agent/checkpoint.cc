// Checkpoint folders.

#include "agent/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "agent/config_fields.h"
#include "agent/tensor_file.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/render_quality.h"

namespace vega {

// the visitors find these by their arguments
void to_json(nlohmann::json& json, const ProprioEntry& entry) {
  json = {{"key", entry.key}, {"size", entry.size}, {"unit", entry.unit}};
}

void from_json(const nlohmann::json& json, ProprioEntry& entry) {
  entry = {json.at("key"), json.at("size"), json.at("unit")};
}

template <class V>
void Fields(V& v, AgentContract& o) {
  v("cameras", o.cameras), v("image_size", o.image_size), v("orientation", o.orientation);
  v("render_quality", o.render_quality);
  v("clip_length", o.clip_length), v("clip_stride", o.clip_stride), v("proprio", o.proprio);
  v("proprio_q01", o.proprio_q01), v("proprio_q99", o.proprio_q99);
  v("action_q01", o.action_q01), v("action_q99", o.action_q99);
  v("chunk_length", o.chunk_length), v("open_loop", o.open_loop);
}

template <class V>
void Fields(V& v, CheckpointConfig& o) {
  v("name", o.name), v("weights", o.weights), v("weights_seed", o.weights_seed);
  v("text_encoder", o.text_encoder), v("contract", o.contract), v("model", o.model);
  v("head", o.head);
}

namespace {

constexpr char kFormat[] = "vega-checkpoint-1";

// What the weights' shapes say against what the contract says, each difference by name.
void RequireFit(const CheckpointConfig& c, const std::string& where) {
  const AgentContract& contract = c.contract;
  std::vector<std::string> differences;
  const auto agree = [&](const char* name, int64_t said, const char* against, int64_t of_weights) {
    if (said == of_weights) return;
    differences.push_back(fmt::format("{} is {}, {} is {}", name, said, against, of_weights));
  };
  const auto size = [](const auto& list) { return static_cast<int64_t>(list.size()); };
  int64_t proprio = 0;
  for (const ProprioEntry& entry : contract.proprio) proprio += entry.size;
  agree("number of contract.cameras", size(contract.cameras), "head.num_cameras",
        c.head.num_cameras);
  agree("contract.chunk_length", contract.chunk_length, "head.chunk_length", c.head.chunk_length);
  agree("size of contract.proprio", proprio, "head.proprio_dim", c.head.proprio_dim);
  agree("size of contract.proprio_q01", size(contract.proprio_q01), "head.proprio_dim",
        c.head.proprio_dim);
  agree("size of contract.proprio_q99", size(contract.proprio_q99), "head.proprio_dim",
        c.head.proprio_dim);
  agree("size of contract.action_q01", size(contract.action_q01), "head.action_dim",
        c.head.action_dim);
  agree("size of contract.action_q99", size(contract.action_q99), "head.action_dim",
        c.head.action_dim);
  agree("model.grid squared", c.model.grid * c.model.grid, "head.num_tokens", c.head.num_tokens);
  agree("model.fusion.dim", c.model.fusion.dim, "head.token_dim", c.head.token_dim);
  for (const auto& [name, value] : {std::pair{"image_size", contract.image_size},
                                    std::pair{"clip_length", contract.clip_length},
                                    std::pair{"clip_stride", contract.clip_stride},
                                    std::pair{"chunk_length", contract.chunk_length}}) {
    if (value <= 0) differences.push_back(fmt::format("contract.{} is {}", name, value));
  }
  if (contract.open_loop < 0 || contract.open_loop > contract.chunk_length) {
    differences.push_back(fmt::format("contract.open_loop is {}, contract.chunk_length is {}",
                                      contract.open_loop, contract.chunk_length));
  }
  if (differences.empty()) return;
  throw Error(fmt::format("{}: contract, model and head do not fit together: {}", where,
                          fmt::join(differences, "; ")),
              "the contract must be the one that the weights were trained with");
}

void Check(const CheckpointConfig& c, const std::string& where) {
  const AgentContract& contract = c.contract;
  if (contract.orientation != kOrientation) {
    throw Error(fmt::format("{}: pictures are stored '{}'", where, contract.orientation),
                fmt::format("only '{}' is supported", kOrientation));
  }
  if (contract.render_quality != "any") {
    try {
      ParseRenderQuality(contract.render_quality);
    } catch (const Error& error) {
      throw Error(fmt::format("{}: contract.render_quality: {}", where, error.what()));
    }
  }
  RequireFit(c, where);
}

// swaps two folders, or moves `from` where `to` does not exist
void PutInPlace(const std::filesystem::path& from, const std::filesystem::path& to) {
  const bool replaces = std::filesystem::exists(to);
  const unsigned flags = replaces ? RENAME_EXCHANGE : 0;
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) != 0) {
    throw Error(fmt::format("cannot write {}: {}", to.string(), std::strerror(errno)));
  }
  if (replaces) std::filesystem::remove_all(from);
}

}  // namespace

nlohmann::json ToJson(const CheckpointConfig& config) {
  nlohmann::json json = WriteFields(config);
  json["format"] = kFormat;
  return json;
}

CheckpointConfig CheckpointConfigFromJson(const nlohmann::json& json, const std::string& where) {
  nlohmann::json fields = json;
  if (!fields.is_object() || fields.value("format", "") != kFormat) {
    throw Error(fmt::format("{} is not a vega checkpoint", where),
                fmt::format("its format must be '{}'", kFormat));
  }
  fields.erase("format");
  const auto config = ReadFields<CheckpointConfig>(fields, where);
  Check(config, where);
  return config;
}

void SaveCheckpoint(const std::filesystem::path& folder, const CheckpointConfig& config,
                    const torch::nn::Module& module, bool half) {
  Check(config, folder.string());
  TensorMap weights = NamedTensors(module);
  for (auto& [name, tensor] : weights) {
    if (half && tensor.scalar_type() == at::kFloat) tensor = tensor.detach().to(at::kHalf);
  }
  const auto target = std::filesystem::absolute(folder / "").parent_path();
  const auto aside =
      target.parent_path() / fmt::format(".{}.{}", target.filename().string(), getpid());
  std::error_code error;
  std::filesystem::create_directories(aside, error);
  if (error) {
    throw Error(fmt::format("cannot write {}: {}", target.string(), error.message()));
  }
  try {
    WriteTensors(aside / "model.safetensors", weights, {{"weights", config.weights}});
    AtomicFile file(aside / "config.json");
    file.Write(ToJson(config).dump(2) + "\n");
    file.Commit();
    PutInPlace(aside, target);
  } catch (...) {
    std::filesystem::remove_all(aside, error);
    throw;
  }
}

CheckpointConfig ReadCheckpointConfig(const std::filesystem::path& folder) {
  const auto file = folder / "config.json";
  const MappedFile mapped(file);
  const auto json = nlohmann::json::parse(mapped.text(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) throw Error(fmt::format("{} is not JSON", file.string()));
  return CheckpointConfigFromJson(json, file.string());
}

void LoadCheckpointWeights(const std::filesystem::path& folder, torch::nn::Module& module) {
  const auto file = folder / "model.safetensors";
  LoadTensors(module, ReadTensors(file), file.string());
}

}  // namespace vega
