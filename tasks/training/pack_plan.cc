#include "tasks/training/pack_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

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

// one step of each of `count` equal parts of an episode, anywhere within the part
std::vector<int64_t> SpreadSteps(int64_t steps, int64_t count, RandomStream& random) {
  std::vector<int64_t> chosen;
  count = std::min(count, steps);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t first = i * steps / count, end = (i + 1) * steps / count;
    chosen.push_back(first + random.Below(static_cast<uint32_t>(end - first)));
  }
  return chosen;
}

std::vector<int64_t> ChooseSteps(int64_t steps, const PackOptions& options, RandomStream& random) {
  if (options.samples > 0) return SpreadSteps(steps, options.samples, random);
  std::vector<int64_t> chosen;
  const auto every = static_cast<uint32_t>(options.every);
  for (int64_t t = random.Below(std::min<uint32_t>(every, steps)); t < steps; t += every) {
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
      for (const int64_t step : ChooseSteps(info.steps, options, random)) {
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
