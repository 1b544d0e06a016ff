#include "apps/ablation_recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <set>
#include <utility>

#include "agent/json_fields.h"
#include "sim/base/error.h"
#include "sim/base/file.h"

namespace vega {

using Json = nlohmann::json;

template <class V>
void Fields(V& v, AblationArm& o) {
  v("name", o.name), v("about", o.about), v("from", o.from);
  v("agent", o.agent), v("stage", o.stage);
}

template <class V>
void Fields(V& v, AblationEvaluation& o) {
  v("name", o.name), v("suites", o.suites), v("tasks", o.tasks), v("episodes", o.episodes);
  v("max_steps", o.max_steps), v("shift", o.shift);
}

template <class V>
void Fields(V& v, AblationSweep& o) {
  v("blocks", o.blocks), v("timesteps", o.timesteps), v("seeds", o.seeds);
  v("agent", o.agent), v("stage", o.stage);
}

// without the lists of arms and evaluations, which are read one by one so that errors name them
template <class V>
void Fields(V& v, Ablation& o) {
  v("name", o.name), v("description", o.description), v("out", o.out), v("base", o.base);
  v("base_parts", o.base_parts);
  v("seeds", o.seeds), v("reference", o.reference), v("agent", o.agent), v("stage", o.stage);
  v("data", o.data), v("sweep", o.sweep);
}

namespace {

template <class T>
std::vector<T> ReadList(Json& fields, const char* key, const std::string& where) {
  std::vector<T> list;
  const auto found = fields.find(key);
  if (found == fields.end()) return list;
  if (!found->is_array()) throw Error(fmt::format("{}.{} is not a list", where, key));
  for (size_t i = 0; i < found->size(); ++i) {
    list.push_back(ReadFields<T>((*found)[i], fmt::format("{}: {}[{}]", where, key, i)));
  }
  fields.erase(found);
  return list;
}

// as a folder's name and in a table
void RequireName(const std::string& name, std::set<std::string>& seen, const std::string& what) {
  const bool fits = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_';
  });
  if (!fits) {
    throw Error(fmt::format("{} has no usable name: \"{}\"", what, name),
                "letters, digits, - and _");
  }
  if (!seen.insert(name).second) throw Error(fmt::format("{}: \"{}\" is there twice", what, name));
}

void CheckArms(const Ablation& a, const std::string& where) {
  if (a.arms.empty()) throw Error(where + " has no arms", "\"arms\" is a list of at least one");
  std::set<std::string> seen;
  for (const AblationArm& arm : a.arms) {
    if (!arm.from.empty() && !seen.contains(arm.from)) {
      throw Error(fmt::format("{}: arm \"{}\" starts from \"{}\", which no arm before it is", where,
                              arm.name, arm.from),
                  fmt::format("arms before it: {}", fmt::join(seen, ", ")));
    }
    RequireName(arm.name, seen, where + ": an arm");
  }
  if (!seen.contains(a.reference)) {
    throw Error(fmt::format("{}: the reference \"{}\" is no arm", where, a.reference),
                fmt::format("arms: {}", fmt::join(seen, ", ")));
  }
}

void CheckEvaluations(const Ablation& a, const std::string& where) {
  std::set<std::string> seen;
  for (const AblationEvaluation& e : a.evaluations) {
    RequireName(e.name, seen, where + ": an evaluation");
    if (e.suites.empty() || e.episodes < 1 || e.max_steps < 0) {
      throw Error(fmt::format("{}: evaluation \"{}\" plays nothing", where, e.name),
                  "it needs suites and at least one episode");
    }
    ParseShift(e.shift);
  }
}

// an arm's `agent` or `stage` over that of the arms it goes on from
void Lay(const Ablation& ablation, const AblationArm& arm, Json AblationArm::*part, Json& onto) {
  if (!arm.from.empty()) Lay(ablation, ablation.Arm(arm.from), part, onto);
  onto.merge_patch(arm.*part);
}

}  // namespace

const AblationArm& Ablation::Arm(const std::string& wanted) const {
  const auto found = std::find_if(arms.begin(), arms.end(),
                                  [&](const AblationArm& arm) { return arm.name == wanted; });
  if (found == arms.end()) throw Error(fmt::format("no arm is named \"{}\"", wanted));
  return *found;
}

Ablation ReadAblation(const std::filesystem::path& file) {
  const std::string where = file.string();
  Json fields = Json::parse(MappedFile(file).text(), nullptr, /*allow_exceptions=*/false);
  if (!fields.is_object()) throw Error(where + " is not a JSON object");
  auto arms = ReadList<AblationArm>(fields, "arms", where);
  auto evaluations = ReadList<AblationEvaluation>(fields, "evaluations", where);
  auto ablation = ReadFields<Ablation>(fields, where);
  ablation.arms = std::move(arms);
  ablation.evaluations = std::move(evaluations);
  if (ablation.out.empty()) ablation.out = "runs/" + ablation.name;
  if (ablation.reference.empty() && !ablation.arms.empty()) {
    ablation.reference = ablation.arms[0].name;
  }
  if (ablation.base.empty()) {
    throw Error(where + " names no base",
                "\"base\" is the checkpoint folder of a trained world model and semantic encoder");
  }
  for (const std::string& part : ablation.base_parts) {
    if (part == "world" || part == "semantic") continue;
    throw Error(fmt::format("{}: base_parts names \"{}\"", where, part),
                "world and semantic; every arm learns a policy of its own");
  }
  std::set<uint64_t> seeds(ablation.seeds.begin(), ablation.seeds.end());
  if (seeds.empty() || seeds.size() != ablation.seeds.size() || *seeds.rbegin() > UINT32_MAX) {
    throw Error(where + ": seeds is not usable", "different numbers below 2^32, at least one");
  }
  const int sweep = ablation.sweep.seeds;
  if (sweep < 1 || static_cast<size_t>(sweep) > seeds.size()) {
    throw Error(where + ": sweep.seeds is not usable", "from 1 to as many as there are seeds");
  }
  CheckArms(ablation, where);
  CheckEvaluations(ablation, where);
  return ablation;
}

Json ToJson(const Ablation& ablation) {
  Json json = WriteFields(ablation);
  json["arms"] = json["evaluations"] = Json::array();
  for (const AblationArm& arm : ablation.arms) json["arms"].push_back(WriteFields(arm));
  for (const AblationEvaluation& e : ablation.evaluations) {
    json["evaluations"].push_back(WriteFields(e));
  }
  return json;
}

std::vector<AblationArm> SweepArms(const Ablation& ablation) {
  std::vector<AblationArm> arms;
  for (const int64_t block : ablation.sweep.blocks) {
    for (const int64_t timestep : ablation.sweep.timesteps) {
      AblationArm arm{.name = fmt::format("block-{}-timestep-{}", block, timestep),
                      .about = fmt::format("block {}, timestep {}", block, timestep),
                      .agent = ablation.sweep.agent,
                      .stage = ablation.sweep.stage};
      arm.agent["model"]["block"] = block;
      arm.agent["model"]["timestep"] = timestep;
      arms.push_back(std::move(arm));
    }
  }
  return arms;
}

Json ArmRecipe(const Ablation& ablation, const AblationArm& arm, uint64_t seed, const Json& base,
               const std::filesystem::path& start) {
  Json agent = Json::object();
  for (const char* part : {"model", "head", "contract"}) {
    if (base.contains(part)) agent[part] = base[part];
  }
  agent.merge_patch(ablation.agent);
  Json stage = ablation.stage;
  Lay(ablation, arm, &AblationArm::agent, agent);
  Lay(ablation, arm, &AblationArm::stage, stage);
  stage["stage"] = "policy";
  const bool anew = arm.from.empty();
  return {{"name", ablation.name + "-" + arm.name},
          {"seed", seed},
          {"init", anew ? ablation.base : start.string()},
          {"init_parts", anew ? Json(ablation.base_parts) : Json{"world", "semantic", "policy"}},
          {"agent", agent},
          {"stages", {stage}}};
}

}  // namespace vega
