#include "apps/training_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "apps/collect.h"
#include "apps/dataset_pack.h"
#include "apps/generate.h"
#include "apps/interrupt.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "tasks/training/pack_folder.h"

namespace vega {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

const std::set<std::string> kCollectKeys = {
    "suite",          "tasks",     "episodes",      "policy",        "noise",    "seed",
    "hold",           "arm_noise", "exchange",      "scatter",       "attempts", "takeover",
    "takeover_after", "generate",  "generate_from", "generate_seed", "places",   "sizes"};
const std::set<std::string> kPackKeys = {
    "pack",     "size",          "render_quality", "clip",    "stride",      "chunk",
    "samples",  "every",         "seed",           "collect", "early_share", "early_steps",
    "held_out", "camera_jitter", "light_jitter",   "recolour"};

void RequireKeys(const Json& json, const std::set<std::string>& known, const std::string& where) {
  if (!json.is_object()) throw Error(where + " is not an object of keys and values");
  for (const auto& [key, value] : json.items()) {
    if (known.contains(key)) continue;
    const std::vector<std::string> names(known.begin(), known.end());
    throw Error(fmt::format("{}: unknown key \"{}\"", where, key),
                fmt::format("known are {}", fmt::join(names, ", ")));
  }
}

// leaves `value` as it is when the key is not there
template <typename T>
void Take(const Json& json, const char* key, T& value, const std::string& where) {
  if (!json.contains(key)) return;
  try {
    json.at(key).get_to(value);
  } catch (const Json::exception&) {
    throw Error(
        fmt::format("{}: {} is {}, which is of the wrong type", where, key, json.at(key).dump()));
  }
}

// The problems a collection asks for instead of a suite, if it does, in a folder beside the packs.
std::optional<GenerateFlags> ProblemsOf(const Json& json, const TrainingDataOptions& options,
                                        const std::string& where) {
  GenerateFlags flags;
  flags.generate.workers = options.workers;
  flags.generate.count = 0;
  Take(json, "generate", flags.generate.count, where);
  Take(json, "generate_from", flags.generate.suites, where);
  Take(json, "generate_seed", flags.generate.seed, where);
  std::string places = "drawn";
  Take(json, "places", places, where);
  flags.generate.draw.places = ParsePlaces(places);
  Take(json, "sizes", flags.generate.draw.sizes, where);
  if (flags.generate.draw.sizes < 0 || flags.generate.draw.sizes > kMostSizes) {
    throw Error(fmt::format("{}: sizes is {}", where, flags.generate.draw.sizes),
                fmt::format("from 0, which leaves things as they are, to {}", kMostSizes));
  }
  if (!json.contains("generate")) {
    for (const char* key : {"generate_from", "generate_seed", "places", "sizes"}) {
      if (!json.contains(key)) continue;
      throw Error(fmt::format("{}: {} without generate", where, key),
                  R"(say how many problems to generate, e.g. "generate": 100)");
    }
    return {};
  }
  if (json.contains("suite") || flags.generate.count < 1) {
    throw Error(where + ": a collection has either a suite or problems to generate",
                R"(e.g. {"generate": 100, "generate_seed": 11, "episodes": 3})");
  }
  std::string name = "problems-";
  if (json.contains("generate_from")) {
    name += fmt::format("{}-", fmt::join(flags.generate.suites, "-"));
  }
  if (flags.generate.draw.places == Places::kOwn) name += "own-";
  if (flags.generate.draw.sizes > 0) name += fmt::format("sizes{}-", flags.generate.draw.sizes);
  name += fmt::format("{}x{}", flags.generate.count, flags.generate.seed);
  // the demonstrations name it, wherever they are looked at from
  flags.out = fs::absolute(options.folder / name).lexically_normal().string();
  return flags;
}

CollectFlags CollectionOf(const Json& json, const TrainingDataOptions& options,
                          const std::optional<GenerateFlags>& problems, const std::string& where) {
  CollectFlags flags;
  flags.workers = options.workers;
  flags.image = 0;
  flags.episodes = 0;
  if (problems) flags.suite = problems->out;
  Take(json, "suite", flags.suite, where);
  Take(json, "tasks", flags.tasks, where);
  Take(json, "episodes", flags.episodes, where);
  Take(json, "policy", flags.policy, where);
  Take(json, "noise", flags.noise, where);
  Take(json, "seed", flags.seed, where);
  Take(json, "hold", flags.hold, where);
  Take(json, "arm_noise", flags.arm_noise, where);
  Take(json, "exchange", flags.exchange, where);
  Take(json, "scatter", flags.scatter, where);
  Take(json, "attempts", flags.attempts, where);
  Take(json, "takeover", flags.takeover, where);
  Take(json, "takeover_after", flags.takeover_after, where);
  if (flags.exchange < 0 || !(flags.scatter >= 0 && flags.scatter <= 1) || flags.attempts < 1) {
    throw Error(where + ": exchange, scatter or attempts is out of range",
                "exchange >= 0 times, scatter 0 to 1 m, attempts >= 1");
  }
  if (flags.suite.empty() || flags.episodes < 1) {
    throw Error(where + ": a collection needs a suite and episodes, at least one",
                R"(e.g. {"suite": "libero_goal", "episodes": 15})");
  }
  // what tells two collections of a recipe apart; that the rest is the same is checked on resuming
  std::string name = fs::path(flags.suite).filename().string();
  if (!flags.tasks.empty()) name += "-" + flags.tasks;
  if (flags.noise > 0) name += fmt::format("-noise{}", flags.noise);
  if (flags.exchange > 0) name += fmt::format("-exchange{}", flags.exchange);
  if (flags.scatter > 0) name += fmt::format("-scatter{}", flags.scatter);
  if (!flags.takeover.empty()) {
    std::string learner = fs::path(flags.takeover).lexically_normal().string();
    std::replace(learner.begin(), learner.end(), '/', '_');
    name += "-takeover-" + learner;
  }
  name += fmt::format("-{}x{}.hdf5", flags.episodes, flags.seed);
  flags.out = (options.folder / "demos" / name).string();
  flags.resume = fs::exists(flags.out) || fs::exists(flags.out + ".parts");
  return flags;
}

PackOptions OptionsOf(const Json& json, const std::string& where) {
  PackOptions options;
  Take(json, "size", options.size, where);
  Take(json, "clip", options.clip_length, where);
  Take(json, "stride", options.clip_stride, where);
  Take(json, "chunk", options.chunk_length, where);
  Take(json, "every", options.every, where);
  if (options.every > 0) options.samples = 0;
  Take(json, "samples", options.samples, where);
  Take(json, "early_share", options.early_share, where);
  Take(json, "early_steps", options.early_steps, where);
  Take(json, "held_out", options.held_out, where);
  Take(json, "camera_jitter", options.camera_jitter, where);
  Take(json, "light_jitter", options.light_jitter, where);
  Take(json, "recolour", options.recolour, where);
  Take(json, "seed", options.seed, where);
  if (json.contains("render_quality")) {
    std::string quality;
    Take(json, "render_quality", quality, where);
    options.quality = ParseRenderQuality(quality);
  }
  return options;
}

// of a whole pack, whose demonstrations may be gone
void RequireSameOptions(const fs::path& folder, const PackOptions& options) {
  const auto was = ReadPack(folder).at("config");
  const auto now = PackConfig({}, options);
  auto all = was;  // either may lack what is as usual
  all.update(now);
  for (const auto& [key, _] : all.items()) {
    const auto before = was.value(key, nlohmann::ordered_json()),
               value = now.value(key, nlohmann::ordered_json());
    if (key == "sources" || before == value) continue;
    throw Error(fmt::format("{} was packed with another {}: {}, not {}", folder.string(), key,
                            before.dump(), value.dump()),
                "name the recipe's pack differently, or remove that folder");
  }
}

// one pack of the list
class PackRecipe {
 public:
  PackRecipe(const Json& json, const TrainingDataOptions& options, const std::string& where) {
    std::set<std::string> known = kPackKeys;
    const bool brief = json.is_object() && !json.contains("collect");
    if (brief) known.insert(kCollectKeys.begin(), kCollectKeys.end());
    RequireKeys(json, known, where);
    Take(json, "pack", name_, where);
    if (name_.empty() || name_ == "demos" || fs::path(name_).filename() != name_) {
      throw Error(fmt::format("{}: \"{}\" is no name of a pack", where, name_),
                  R"(give "pack" the name of a folder other than demos)");
    }
    flags_.out = (options.folder / name_).string();
    flags_.options = OptionsOf(json, where);
    flags_.options.workers = options.workers;
    for (const Json& one : brief ? Json::array({json}) : json.at("collect")) {
      if (!brief) RequireKeys(one, kCollectKeys, where + ": collect");
      problems_.push_back(ProblemsOf(one, options, where));
      collections_.push_back(CollectionOf(one, options, problems_.back(), where));
      flags_.files.push_back(collections_.back().out);
    }
  }

  const std::string& name() const { return name_; }

  void Make(std::atomic<bool>& stop) {
    if (fs::exists(fs::path(flags_.out) / "pack.json")) {
      RequireSameOptions(flags_.out, flags_.options);
      return;
    }
    for (size_t i = 0; i < collections_.size(); ++i) {
      const CollectFlags& collection = collections_[i];
      fs::create_directories(fs::path(collection.out).parent_path());
      if (problems_[i]) RunGenerate(*problems_[i], stop);
      if (stop) return;
      // episodes that gave no demonstration are reported and left out
      RunCollect(collection, stop);
      if (stop) return;
    }
    flags_.resume = IsPack(flags_.out);
    RunPack(flags_, stop);
  }

 private:
  std::string name_;
  std::vector<std::optional<GenerateFlags>> problems_;  // one a collection
  std::vector<CollectFlags> collections_;
  PackFlags flags_;
};

}  // namespace

int MakeFromList(const fs::path& list, const TrainingDataOptions& options) {
  const Json json = Json::parse(MappedFile(list).text(), nullptr, false);
  if (json.is_discarded()) throw Error(list.string() + " is not valid JSON");
  std::atomic<bool> stop = false;
  const Interrupt interrupt(stop);
  MakeTrainingData(json.is_object() ? json.value("data", Json()) : json, options, stop);
  if (!stop) return 0;
  fmt::print(stderr, "vega dataset: interrupted (the same command continues)\n");
  return kInterrupted;
}

void MakeTrainingData(const Json& data, const TrainingDataOptions& options,
                      std::atomic<bool>& stop) {
  if (!data.is_array()) throw Error("data is not a list of packs", "see docs/DATASETS.md");
  // all of it is looked at before any of it is made
  std::vector<PackRecipe> recipes;
  std::vector<std::string> names;
  for (size_t i = 0; i < data.size(); ++i) {
    recipes.emplace_back(data[i], options, fmt::format("data[{}]", i));
    names.push_back(recipes.back().name());
  }
  for (const std::string& name : options.only) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    throw Error(fmt::format("no pack of the list is called \"{}\"", name),
                fmt::format("its packs: {}", fmt::join(names, ", ")));
  }
  for (PackRecipe& recipe : recipes) {
    if (stop) return;
    const auto& only = options.only;
    if (!only.empty() && std::find(only.begin(), only.end(), recipe.name()) == only.end()) continue;
    recipe.Make(stop);
  }
}

}  // namespace vega
