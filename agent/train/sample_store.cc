// Packs as one table.

#include "agent/train/sample_store.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/random.h"

namespace vega {
namespace {

constexpr char kFormat[] = "vega-pack-1";

AgentContract ContractOf(const nlohmann::json& json) {
  AgentContract c;
  c.cameras = json.at("cameras");
  c.image_size = json.at("image_size");
  c.orientation = json.at("orientation");
  c.render_quality = json.at("render_quality");
  c.clip_length = json.at("clip_length");
  c.clip_stride = json.at("clip_stride");
  c.chunk_length = json.at("chunk_length");
  c.proprio.clear();
  for (const auto& entry : json.at("proprio")) {
    c.proprio.push_back({entry.at("key"), entry.at("size"), entry.at("unit")});
  }
  c.proprio_q01 = json.at("proprio_q01").get<std::vector<double>>();
  c.proprio_q99 = json.at("proprio_q99").get<std::vector<double>>();
  c.action_q01 = json.at("action_q01").get<std::vector<double>>();
  c.action_q99 = json.at("action_q99").get<std::vector<double>>();
  return c;
}

std::string ProprioText(const AgentContract& c) {
  std::string text;
  for (const auto& entry : c.proprio) {
    text +=
        fmt::format("{}{} [{} {}]", text.empty() ? "" : ", ", entry.key, entry.size, entry.unit);
  }
  return text;
}

// Throws Error naming the first difference in what a policy is shown.
void RequireSame(const AgentContract& a, const AgentContract& b, const std::string& first,
                 const std::string& second) {
  const auto compare = [&](const char* what, const auto& x, const auto& y) {
    if (x == y) return;
    throw Error(fmt::format("{} and {} differ in {}: {} and {}", first, second, what, x, y),
                "packs trained on together are drawn alike");
  };
  compare("cameras", fmt::format("{}", fmt::join(a.cameras, ",")),
          fmt::format("{}", fmt::join(b.cameras, ",")));
  compare("image_size", a.image_size, b.image_size);
  compare("orientation", a.orientation, b.orientation);
  compare("render_quality", a.render_quality, b.render_quality);
  compare("clip_length", a.clip_length, b.clip_length);
  compare("clip_stride", a.clip_stride, b.clip_stride);
  compare("chunk_length", a.chunk_length, b.chunk_length);
  compare("proprio", ProprioText(a), ProprioText(b));
}

// lower bounds fall, upper bounds rise
void Widen(std::vector<double>& low, std::vector<double>& high, const std::vector<double>& more_low,
           const std::vector<double>& more_high, const std::string& where) {
  if (low.size() != more_low.size() || high.size() != more_high.size() ||
      low.size() != high.size()) {
    throw Error(fmt::format("{}: bounds of another width than the packs before it", where));
  }
  for (size_t i = 0; i < low.size(); ++i) {
    low[i] = std::min(low[i], more_low[i]);
    high[i] = std::max(high[i], more_high[i]);
  }
}

int64_t Position(const std::string& name, const std::vector<std::string>& sorted) {
  return std::lower_bound(sorted.begin(), sorted.end(), name) - sorted.begin();
}

const at::Tensor& TensorOf(const SampleStore::Shard& shard, const std::string& name) {
  const auto found = shard.tensors.find(name);
  if (found == shard.tensors.end() || found->second.size(0) != shard.count) {
    throw Error(
        fmt::format("{} has no tensor {} of {} rows", shard.file.string(), name, shard.count));
  }
  return found->second;
}

}  // namespace

SampleStore::SampleStore(const std::vector<std::filesystem::path>& folders, at::Device device)
    : device_(device) {
  for (const auto& folder : folders) Open(folder);
  NameCategories();
  NameInstructions();
}

void SampleStore::NameCategories() {
  std::set<std::string> names;
  for (const Pack& pack : packs_) names.insert(pack.categories.begin(), pack.categories.end());
  categories_.assign(names.begin(), names.end());
  if (categories_.size() > 256) throw Error("packs name more than 256 categories of objects");
  at::Tensor ids = at::full({static_cast<int64_t>(packs_.size()), 256}, -1, at::kLong);
  auto row = ids.accessor<int64_t, 2>();
  for (size_t p = 0; p < packs_.size(); ++p) {
    const auto& own = packs_[p].categories;
    for (size_t i = 0; i < own.size(); ++i) row[p][i] = Position(own[i], categories_);
  }
  category_of_ = ids.to(device_);
}

void SampleStore::NameInstructions() {
  std::set<std::string> names;
  for (const Pack& pack : packs_) names.insert(pack.instructions.begin(), pack.instructions.end());
  instructions_.assign(names.begin(), names.end());
  for (const Shard& shard : shards_) {
    const auto& own = packs_[shard.pack].instructions;
    const at::Tensor ids = TensorOf(shard, "instruction").to(at::kLong).contiguous();
    for (int64_t i = 0; i < shard.count; ++i) {
      const int64_t id = ids.const_data_ptr<int64_t>()[i];
      if (id < 0 || id >= static_cast<int64_t>(own.size())) {
        throw Error(fmt::format("{}: sample {} names instruction {} of {}", shard.file.string(), i,
                                id, own.size()));
      }
      instruction_.push_back(Position(own[id], instructions_));
    }
  }
}

void SampleStore::Open(const std::filesystem::path& folder) {
  const auto file = folder / "pack.json";
  if (!std::filesystem::exists(file)) {
    throw Error(fmt::format("{} holds no pack.json", folder.string()),
                "make one with vega dataset pack");
  }
  const MappedFile mapped(file);
  const auto json = nlohmann::json::parse(mapped.text(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("format", "") != kFormat) {
    throw Error(fmt::format("{} is no {}", file.string(), kFormat));
  }
  try {
    const AgentContract contract = ContractOf(json);
    if (packs_.empty()) {
      contract_ = contract;
    } else {
      RequireSame(contract_, contract, packs_[0].name, folder.string());
      Widen(contract_.proprio_q01, contract_.proprio_q99, contract.proprio_q01,
            contract.proprio_q99, folder.string());
      Widen(contract_.action_q01, contract_.action_q99, contract.action_q01, contract.action_q99,
            folder.string());
    }
    const int pack = static_cast<int>(packs_.size());
    packs_.push_back({.name = (folder / "").parent_path().filename().string(),
                      .categories = json.at("categories"),
                      .instructions = json.at("instructions")});
    int64_t count = 0;
    for (const std::string shard : json.at("shards")) {
      Shard entry{.file = folder / shard, .tensors = MapTensors(folder / shard), .pack = pack};
      const auto held = entry.tensors.find("held_out");
      if (held == entry.tensors.end()) {
        throw Error(fmt::format("{} has no tensor held_out", entry.file.string()));
      }
      entry.first = shards_.empty() ? 0 : shards_.back().first + shards_.back().count;
      entry.count = held->second.size(0);
      const auto* flags = held->second.const_data_ptr<uint8_t>();
      for (int64_t i = 0; i < entry.count; ++i) {
        (flags[i] != 0 ? held_out_ : learnt_).push_back(entry.first + i);
      }
      count += entry.count;
      shards_.push_back(std::move(entry));
    }
    if (const int64_t said = json.at("samples"); count != said) {
      throw Error(fmt::format("{} names {} samples, its shards hold {}", file.string(), said, count),
                  "finish it with vega dataset pack --resume");
    }
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{}: {}", file.string(), error.what()));
  }
}

at::Tensor SampleStore::Gather(const std::string& name, const std::vector<int64_t>& rows) const {
  return TableOf(name).Gather(rows);
}

const RowTensor& SampleStore::TableOf(const std::string& name) const {
  const std::lock_guard lock(tables_mutex_);
  auto table = tables_.find(name);
  if (table == tables_.end()) {
    std::vector<at::Tensor> of_shards;
    for (const Shard& shard : shards_) of_shards.push_back(TensorOf(shard, name));
    table = tables_.emplace(name, Table(std::move(of_shards))).first;
  }
  return table->second;
}

RowTensor SampleStore::Table(std::vector<at::Tensor> of_shards) const {
  std::vector<std::string> names;
  for (const Shard& shard : shards_) names.push_back(shard.file.string());
  return {std::move(of_shards), names, device_};
}

at::Tensor SampleStore::Categories(const std::vector<int64_t>& rows) const {
  std::vector<int64_t> packs;
  for (const int64_t row : rows) packs.push_back(ShardOf(row).pack);
  const at::Tensor pack = at::tensor(packs, at::kLong).to(device_).view({-1, 1, 1, 1});
  const at::Tensor own = Gather("segmentation", rows).to(at::kLong);
  const at::Tensor ids = category_of_.flatten().index_select(0, (pack * 256 + own).flatten());
  if (ids.min().item<int64_t>() < 0) {
    throw Error(fmt::format("a segmentation of {} names a category its pack does not",
                            ShardOf(rows[0]).file.parent_path().string()));
  }
  return ids.view(own.sizes());
}

std::vector<int64_t> SampleStore::Instructions(const std::vector<int64_t>& rows) const {
  std::vector<int64_t> out;
  for (const int64_t row : rows) out.push_back(instruction_.at(row));
  return out;
}

const SampleStore::Shard& SampleStore::ShardOf(int64_t row) const {
  const auto after =
      std::upper_bound(shards_.begin(), shards_.end(), row,
                       [](int64_t value, const Shard& shard) { return value < shard.first; });
  return *std::prev(after);
}

std::string SampleStore::Name(int64_t row) const {
  const Shard& shard = ShardOf(row);
  return fmt::format("{}/{}/{}", packs_[shard.pack].name, shard.file.stem().string(),
                     row - shard.first);
}

BatchOrder::BatchOrder(std::vector<int64_t> rows, int64_t batch, uint64_t seed)
    : rows_(std::move(rows)), batch_(batch), seed_(seed) {
  if (rows_.empty()) throw Error("there are no samples to learn from");
}

const std::vector<int64_t>& BatchOrder::Epoch(int64_t epoch) {
  if (epoch == epoch_) return shuffled_;
  epoch_ = epoch;
  shuffled_ = rows_;
  RandomStream stream(seed_, "train/order", static_cast<uint64_t>(epoch));
  for (size_t i = shuffled_.size() - 1; i > 0; --i) {
    std::swap(shuffled_[i], shuffled_[stream.Below(static_cast<uint32_t>(i + 1))]);
  }
  return shuffled_;
}

std::vector<int64_t> BatchOrder::Rows(int64_t step) {
  std::vector<int64_t> rows;
  const auto count = static_cast<int64_t>(rows_.size());
  for (int64_t i = step * batch_; i < (step + 1) * batch_; ++i) {
    rows.push_back(Epoch(i / count)[i % count]);
  }
  return rows;
}

}  // namespace vega
