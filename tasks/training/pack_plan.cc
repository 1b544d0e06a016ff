#include "tasks/training/pack_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/hash.h"
#include "sim/base/random.h"
#include "tasks/scene/geom_categories.h"
#include "tasks/scene/object_catalog.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;

// index of a value in a list that grows by it when it is not there
template <typename T>
int IndexOf(std::vector<T>& list, const T& value) {
  const auto found = std::find(list.begin(), list.end(), value);
  if (found != list.end()) return static_cast<int>(found - list.begin());
  list.push_back(value);
  return static_cast<int>(list.size()) - 1;
}

void CheckOptions(const PackOptions& o) {
  if (o.cameras.empty()) throw Error("a pack without cameras holds no frames", "see --cameras");
  if (o.size % kLabelCell != 0) {
    throw Error(fmt::format("pictures of {} px have no label maps of whole cells", o.size),
                fmt::format("give a --size that is a multiple of {}", kLabelCell));
  }
  if ((o.samples > 0) == (o.every > 0)) {
    throw Error("--samples and --every exclude each other", "leave out one of them");
  }
}

// one step of each of `count` equal parts of [begin, end), anywhere within the part
void SpreadSteps(int64_t begin, int64_t end, int64_t count, RandomStream& random,
                 std::vector<int64_t>& chosen) {
  const int64_t steps = end - begin;
  count = std::min(count, steps);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t first = i * steps / count, next = (i + 1) * steps / count;
    chosen.push_back(begin + first + random.Below(static_cast<uint32_t>(next - first)));
  }
}

// of the rows [begin, end); `takeover`: they begin with one
std::vector<int64_t> ChooseSteps(int64_t begin, int64_t end, bool takeover,
                                 const PackOptions& options, RandomStream& random) {
  std::vector<int64_t> chosen;
  if (options.samples > 0) {
    const int64_t calm = takeover ? std::min(begin + options.early_steps, end) : begin;
    const auto early = takeover ? std::llround(options.early_share * options.samples) : 0;
    SpreadSteps(begin, calm, early, random, chosen);
    SpreadSteps(calm, end, options.samples - early, random, chosen);
    return chosen;
  }
  const auto every = static_cast<uint32_t>(options.every);
  for (int64_t t = begin + random.Below(std::min<uint32_t>(every, end - begin)); t < end;
       t += every) {
    chosen.push_back(t);
  }
  return chosen;
}

}  // namespace

PackPlan PlanPack(const std::vector<Hdf5Reader>& sources, const PackOptions& options) {
  CheckOptions(options);
  PackPlan plan{.categories = PackCategories(), .shard_samples = options.shard_samples};
  for (size_t source = 0; source < sources.size(); ++source) {
    const Hdf5Reader& reader = sources[source];
    for (size_t demo = 0; demo < reader.demos().size(); ++demo) {
      const DemoInfo& info = reader.demos()[demo];
      if (info.instruction.empty()) {
        throw Error(fmt::format("{}: {} has no instruction", reader.file().string(), info.name),
                    "its attribute problem_info must name one");
      }
      const std::vector<double> first = reader.States(demo, 0, 1);
      const uint64_t key = Hash64(std::as_bytes(std::span(first)));
      const std::string task = info.suite + "/" + info.task_name;
      RandomStream split(options.seed, "pack/held-out/" + task, key);
      RandomStream random(options.seed, "pack/steps/" + task, key);
      const auto episode = static_cast<int>(plan.episodes.size());
      plan.episodes.push_back({.source = source,
                               .demo = demo,
                               .task = IndexOf(plan.tasks, PackTask{info.suite, info.task_name}),
                               .instruction = IndexOf(plan.instructions, info.instruction),
                               .held_out = split.Uniform() < options.held_out,
                               .key = key});
      const int64_t begin = options.before_takeover ? 0 : reader.FirstExpertStep(demo);
      if (begin >= info.steps) {
        throw Error(
            fmt::format("{}: the demonstrator never acts in {}", reader.file().string(), info.name),
            "vega dataset validate says what is wrong with the file");
      }
      for (const int64_t step : ChooseSteps(begin, info.steps, begin > 0, options, random)) {
        plan.samples.push_back({episode, step});
      }
    }
  }
  const bool learns = std::any_of(plan.episodes.begin(), plan.episodes.end(),
                                  [](const PackEpisode& episode) { return !episode.held_out; });
  if (!learns) {
    throw Error(fmt::format("all {} demonstrations are held out", plan.episodes.size()),
                "give a smaller --held-out or another --seed");
  }
  return plan;
}

std::pair<size_t, size_t> PackPlan::Range(size_t shard) const {
  const size_t first = shard * shard_samples;
  return {first, std::min(first + shard_samples, samples.size())};
}

std::vector<std::string> PackCategories() {
  std::vector<std::string> categories = {kBackgroundCategory, kRobotCategory};
  for (const ObjectCategory& category : AllCategories()) categories.push_back(category.name);
  assert(categories.size() <= 256);
  return categories;
}

Json PackConfig(const std::vector<Hdf5Reader>& sources, const PackOptions& o) {
  Json json = {{"cameras", o.cameras},
               {"image_size", o.size},
               {"render_quality", Name(o.quality)},
               {"clip_length", o.clip_length},
               {"clip_stride", o.clip_stride},
               {"chunk_length", o.chunk_length},
               {"samples_per_episode", o.samples},
               {"every", o.every},
               {"held_out", o.held_out},
               {"camera_jitter", o.camera_jitter},
               {"light_jitter", o.light_jitter},
               {"seed", o.seed},
               {"sources", Json::array()}};
  // older packs lack these
  const PackOptions usual;
  if (o.early_share != usual.early_share) json["early_share"] = o.early_share;
  if (o.early_steps != usual.early_steps) json["early_steps"] = o.early_steps;
  if (o.recolour != usual.recolour) json["recolour"] = o.recolour;
  if (o.before_takeover) json["before_takeover"] = true;
  for (const Hdf5Reader& reader : sources) {
    const MappedFile file(reader.file());
    json["sources"].push_back({{"file", reader.file().filename().string()},
                               {"hash", fmt::format("{:016x}", FastHash64(file.bytes()))},
                               {"demos", reader.demos().size()},
                               {"contract", ToJson(reader.contract())}});
  }
  return json;
}

std::string ShardName(size_t shard) { return fmt::format("shard-{:05}.safetensors", shard); }

}  // namespace vega
