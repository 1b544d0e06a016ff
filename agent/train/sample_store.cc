// Packs as one table.

#include "agent/train/sample_store.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "agent/shapes.h"
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

std::vector<int64_t> Positions(const std::vector<std::string>& names,
                               const std::vector<std::string>& sorted) {
  std::vector<int64_t> positions;
  for (const auto& name : names) {
    positions.push_back(std::lower_bound(sorted.begin(), sorted.end(), name) - sorted.begin());
  }
  return positions;
}

}  // namespace

SampleStore::SampleStore(const std::vector<std::filesystem::path>& folders) {
  for (const auto& folder : folders) Open(folder);
  std::set<std::string> categories, instructions;
  for (const Pack& pack : packs_) {
    categories.insert(pack.categories.begin(), pack.categories.end());
    instructions.insert(pack.instructions.begin(), pack.instructions.end());
  }
  categories_.assign(categories.begin(), categories.end());
  instructions_.assign(instructions.begin(), instructions.end());
  if (categories_.size() > 256) throw Error("packs name more than 256 categories of objects");
  for (Pack& pack : packs_) {
    pack.category_ids = Positions(pack.categories, categories_);
    pack.instruction_ids = Positions(pack.instructions, instructions_);
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
    const int64_t before = size();
    for (const std::string shard : json.at("shards")) {
      Shard entry{.file = folder / shard, .tensors = MapTensors(folder / shard), .pack = pack};
      const auto held = entry.tensors.find("held_out");
      if (held == entry.tensors.end()) {
        throw Error(fmt::format("{} has no tensor held_out", entry.file.string()));
      }
      entry.first = size();
      entry.count = held->second.size(0);
      const auto* flags = held->second.const_data_ptr<uint8_t>();
      for (int64_t i = 0; i < entry.count; ++i) {
        (flags[i] != 0 ? held_out_ : learnt_).push_back(size());
        rows_.push_back({pack, static_cast<int>(shards_.size()), i});
      }
      shards_.push_back(std::move(entry));
    }
    const int64_t count = json.at("samples");
    if (size() - before != count) {
      throw Error(fmt::format("{} names {} samples, its shards hold {}", file.string(), count,
                              size() - before),
                  "finish it with vega dataset pack --resume");
    }
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{}: {}", file.string(), error.what()));
  }
}

at::Tensor SampleStore::Gather(const std::string& name, const std::vector<int64_t>& rows) const {
  return Gather(
      [&](int index) -> const at::Tensor& {
        const Shard& shard = shards_[index];
        const auto found = shard.tensors.find(name);
        if (found == shard.tensors.end() || found->second.size(0) != shard.count) {
          throw Error(fmt::format("{} has no tensor {} of {} rows", shard.file.string(), name,
                                  shard.count));
        }
        return found->second;
      },
      rows);
}

at::Tensor SampleStore::Gather(const std::function<const at::Tensor&(int shard)>& tensor_of,
                               const std::vector<int64_t>& rows) const {
  at::Tensor out;
  size_t bytes = 0;  // of a row
  for (size_t i = 0; i < rows.size(); ++i) {
    const Place& place = rows_.at(rows[i]);
    const at::Tensor& tensor = tensor_of(place.shard);
    if (!out.defined()) {
      std::vector<int64_t> shape = tensor.sizes().vec();
      shape[0] = static_cast<int64_t>(rows.size());
      out = at::empty(shape, tensor.options());
      bytes = out.nbytes() / rows.size();
    }
    if (tensor.sizes().slice(1) != out.sizes().slice(1) ||
        tensor.scalar_type() != out.scalar_type()) {
      throw Error(fmt::format("{}: a tensor of shape {}, where shards before it have {} a sample",
                              shards_[place.shard].file.string(), ShapeText(tensor.sizes()),
                              ShapeText(out.sizes().slice(1))));
    }
    std::memcpy(static_cast<std::byte*>(out.mutable_data_ptr()) + i * bytes,
                static_cast<const std::byte*>(tensor.const_data_ptr()) + place.row * bytes, bytes);
  }
  return out;
}

at::Tensor SampleStore::Categories(const std::vector<int64_t>& rows) const {
  at::Tensor out = Gather("segmentation", rows);
  const int64_t count = out.numel() / static_cast<int64_t>(rows.size());
  auto* values = out.mutable_data_ptr<uint8_t>();
  for (const int64_t row : rows) {
    const Pack& pack = packs_[rows_[row].pack];
    for (int64_t i = 0; i < count; ++i, ++values) {
      if (*values >= pack.category_ids.size()) {
        throw Error(fmt::format("{}: segmentation names category {} of {}", Name(row), *values,
                                pack.category_ids.size()));
      }
      *values = static_cast<uint8_t>(pack.category_ids[*values]);
    }
  }
  return out;
}

std::vector<int64_t> SampleStore::Instructions(const std::vector<int64_t>& rows) const {
  const at::Tensor own = Gather("instruction", rows).to(at::kLong);
  std::vector<int64_t> out;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& ids = packs_[rows_[rows[i]].pack].instruction_ids;
    const int64_t index = own.const_data_ptr<int64_t>()[i];
    if (index < 0 || index >= static_cast<int64_t>(ids.size())) {
      throw Error(fmt::format("{} names instruction {} of {}", Name(rows[i]), index, ids.size()));
    }
    out.push_back(ids[index]);
  }
  return out;
}

std::string SampleStore::Name(int64_t row) const {
  const Place& place = rows_.at(row);
  const Shard& shard = shards_[place.shard];
  return fmt::format("{}/{}/{}", packs_[place.pack].name, shard.file.stem().string(), place.row);
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
