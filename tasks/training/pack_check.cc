#include "tasks/training/pack_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/base/error.h"
#include "sim/base/safetensors.h"
#include "tasks/dataset/statistics.h"
#include "tasks/training/pack_folder.h"
#include "tasks/training/pack_plan.h"
#include "tasks/training/scene_labels.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kPointNumbers = 9;
constexpr float kOutOfReach = 10;  // m, a position farther from the robot's base is none

// sizes and lists of a pack.json
struct PackShape {
  int64_t samples, shard_samples, cameras, clip, size, chunk;
  size_t categories, instructions, tasks;
  Json episodes;
  std::vector<std::string> shards;
};

PackShape ReadShape(const std::filesystem::path& folder) {
  const Json pack = ReadPack(folder);
  try {
    return {pack.at("samples"),
            pack.value("shard_samples", int64_t{256}),
            static_cast<int64_t>(pack.at("cameras").size()),
            pack.at("clip_length"),
            pack.at("image_size"),
            pack.at("chunk_length"),
            pack.at("categories").size(),
            pack.at("instructions").size(),
            pack.at("tasks").size(),
            pack.at("episodes"),
            pack.at("shards").get<std::vector<std::string>>()};
  } catch (const Json::exception& error) {
    throw Error(fmt::format("{}: pack.json lacks something: {}", folder.string(), error.what()),
                "pack again with this version of vega");
  }
}

class ShardCheck {
 public:
  ShardCheck(const PackShape& shape, const std::string& name, const SafetensorsFile& file,
             std::vector<std::string>& faults)
      : shape_(shape), name_(name), file_(file), faults_(faults) {}

  // `first`: the pack's sample that the shard starts with
  void Check(int64_t first) {
    const int64_t n = std::min(shape_.shard_samples, shape_.samples - first);
    const int64_t side = shape_.size / kLabelCell;
    const bool fits =
        Fits("frames", DType::kU8, {n, shape_.cameras, shape_.clip, shape_.size, shape_.size, 3}) &&
        Fits("segmentation", DType::kU8, {n, shape_.cameras, side, side}) &&
        Fits("roles", DType::kU8, {n, shape_.cameras, side, side}) &&
        Fits("points", DType::kF32, {n, static_cast<int64_t>(kPointNumbers)}) &&
        Fits("proprio", DType::kF32, {n, kProprioSize}) &&
        Fits("actions", DType::kF32, {n, shape_.chunk, 7}) &&
        Fits("valid", DType::kU8, {n, shape_.chunk}) && Fits("instruction", DType::kI32, {n}) &&
        Fits("task", DType::kI32, {n}) && Fits("episode", DType::kI32, {n}) &&
        Fits("step", DType::kI32, {n}) && Fits("held_out", DType::kU8, {n});
    if (!fits) return;
    Frames();
    Bytes("segmentation", shape_.categories - 1);
    Bytes("roles", kActedOn | kGoesTo);
    Bytes("held_out", 1);
    Numbers("points", kOutOfReach, true);
    Numbers("proprio", kOutOfReach, false);
    Numbers("actions", 1 + 1e-6F, false);
    Validity();
    Indices("instruction", shape_.instructions);
    Indices("task", shape_.tasks);
    Indices("episode", shape_.episodes.size());
    Episodes();
  }

 private:
  void Fault(const std::string& what) { faults_.push_back(name_ + ": " + what); }

  bool Fits(const std::string& tensor, DType dtype, const std::vector<int64_t>& shape) {
    if (!file_.Has(tensor)) {
      Fault(tensor + " is missing");
      return false;
    }
    const TensorView& view = file_.at(tensor);
    if (view.dtype == dtype && view.shape == shape) return true;
    Fault(fmt::format("{} is {}, not {} [{}]", tensor, Describe(view), Name(dtype),
                      fmt::join(shape, ", ")));
    return false;
  }

  std::span<const uint8_t> Span(const std::string& tensor) const {
    const auto bytes = file_.at(tensor).bytes;
    return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
  }

  // a picture of one grey shows nothing
  void Frames() {
    const auto pixels = Span("frames");
    const size_t picture = 3 * shape_.size * shape_.size;
    for (size_t at = 0; at < pixels.size(); at += picture) {
      const auto one = pixels.subspan(at, picture);
      if (std::any_of(one.begin(), one.end(), [&](uint8_t v) { return v != one[0]; })) continue;
      const size_t row = at / picture / (shape_.cameras * shape_.clip);
      Fault(fmt::format("row {}: a picture is of one grey, {}", row, one[0]));
      return;
    }
  }

  void Bytes(const std::string& tensor, size_t largest) {
    const auto values = Span(tensor);
    const auto bad =
        std::find_if(values.begin(), values.end(), [&](uint8_t v) { return v > largest; });
    if (bad == values.end()) return;
    Fault(fmt::format("row {}: {} is {}, beyond {}", Row(tensor, bad - values.begin()), tensor,
                      *bad, largest));
  }

  int64_t Row(const std::string& tensor, int64_t index) const {
    const TensorView& view = file_.at(tensor);
    int64_t width = 1;
    for (size_t i = 1; i < view.shape.size(); ++i) width *= view.shape[i];
    return index / width;
  }

  void Numbers(const std::string& tensor, float largest, bool may_lack) {
    const auto values = file_.Values<float>(tensor);
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::abs(values[i]) <= largest || (may_lack && std::isnan(values[i]))) continue;
      Fault(fmt::format("row {}: {} holds {}", Row(tensor, static_cast<int64_t>(i)), tensor,
                        values[i]));
      return;
    }
  }

  // labels are there from the first on, without a gap
  void Validity() {
    const auto valid = Span("valid");
    for (size_t i = 0; i < valid.size(); ++i) {
      const bool first = i % shape_.chunk == 0;
      if (valid[i] <= 1 && (first ? valid[i] == 1 : valid[i] <= valid[i - 1])) continue;
      Fault(fmt::format("row {}: valid is not ones and then zeros", i / shape_.chunk));
      return;
    }
  }

  void Indices(const std::string& tensor, size_t count) {
    const auto values = file_.Values<int32_t>(tensor);
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] >= 0 && static_cast<size_t>(values[i]) < count) continue;
      Fault(fmt::format("row {}: {} is {}, but there are {}", i, tensor, values[i], count));
      return;
    }
  }

  // what rows say of their episode is what pack.json says
  void Episodes() {
    const auto episode = file_.Values<int32_t>("episode"), step = file_.Values<int32_t>("step"),
               task = file_.Values<int32_t>("task");
    const auto held_out = Span("held_out");
    for (size_t i = 0; i < episode.size(); ++i) {
      if (episode[i] < 0 || static_cast<size_t>(episode[i]) >= shape_.episodes.size()) return;
      const Json& said = shape_.episodes[episode[i]];
      if (said.value("held_out", false) == (held_out[i] == 1) &&
          said.value("task", -1) == task[i] && step[i] >= 0 &&
          step[i] < said.value("steps", int64_t{0})) {
        continue;
      }
      Fault(fmt::format("row {}: task, step or held_out is not as pack.json has episode {}", i,
                        episode[i]));
      return;
    }
  }

  const PackShape& shape_;
  const std::string& name_;
  const SafetensorsFile& file_;
  std::vector<std::string>& faults_;
};

}  // namespace

std::vector<std::string> CheckPack(const std::filesystem::path& folder,
                                   const std::function<void(size_t done, size_t all)>& progress) {
  const PackShape shape = ReadShape(folder);
  std::vector<std::string> faults;
  const int64_t wanted = (shape.samples + shape.shard_samples - 1) / shape.shard_samples;
  if (static_cast<int64_t>(shape.shards.size()) != wanted) {
    faults.push_back(fmt::format("pack.json: {} samples need {} shards, not {}", shape.samples,
                                 wanted, shape.shards.size()));
    return faults;
  }
  for (size_t i = 0; i < shape.shards.size(); ++i) {
    try {
      const SafetensorsFile file = SafetensorsFile::Open(folder / shape.shards[i]);
      ShardCheck(shape, shape.shards[i], file, faults)
          .Check(static_cast<int64_t>(i) * shape.shard_samples);
    } catch (const Error& error) {
      faults.emplace_back(error.what());
    }
    if (progress) progress(i + 1, shape.shards.size());
  }
  return faults;
}

}  // namespace vega
