// The list of policies.

#include "policies/registry.h"

#include <filesystem>
#include <utility>

#include "policies/hold_policy.h"
#include "policies/look_policy.h"
#include "policies/open_loop.h"
#include "policies/random_policy.h"
#include "policies/replay_policy.h"
#include "policies/torch_module.h"
#include "sim/base/error.h"
#include "sim/base/paths.h"

namespace vega {
namespace {

constexpr char kReplayPrefix[] = "replay:";

template <typename T>
PolicySource Simple(const std::string& name) {
  return {name, "none", T().contract(), 0, [] { return std::make_unique<T>(); }};
}

PolicySource Replay(const std::string& name) {
  auto actions = std::make_shared<const std::vector<Action>>(
      LoadActions(name.substr(sizeof(kReplayPrefix) - 1)));
  return {name, "none", ReplayPolicy(actions).contract(), 0,
          [actions] { return std::make_unique<ReplayPolicy>(actions); }};
}

PolicySource Find(const std::string& name, const PolicyOptions& options,
                  const std::vector<PolicyOffer>& offers) {
  for (const PolicyOffer& offer : offers) {
    if (std::optional<PolicySource> source = offer.open(name)) return *std::move(source);
  }
  if (name == "hold") return Simple<HoldPolicy>(name);
  if (name == "random") return Simple<RandomPolicy>(name);
  if (name == "look") return Simple<LookPolicy>(name);
  if (name == "look-blind") return Simple<BlindLookPolicy>(name);
  if (name.starts_with(kReplayPrefix)) return Replay(name);
  if (name == kTrainedPolicy) {
    const auto folder = OwnAssets() / "models" / name;
    PolicySource source = OpenTorchModule().open_policy(folder.string(), options);
    source.name = name;
    return source;
  }
  if (name == "vega-tiny" || std::filesystem::is_directory(name)) {
    return OpenTorchModule().open_policy(name, options);
  }
  if (name.find('/') != std::string::npos) {
    throw Error("there is no checkpoint folder " + name,
                "vega train leaves one in OUT/model: run its recipe first, or check the path");
  }
  std::string names;
  for (const PolicyName& known : PolicyNames(offers)) {
    names += (names.empty() ? "" : ", ") + known.name;
  }
  throw Error("unknown policy '" + name + "'", "policies: " + names);
}

}  // namespace

std::vector<PolicyName> PolicyNames(const std::vector<PolicyOffer>& offers) {
  std::vector<PolicyName> names = {{"hold", "does nothing"}, {"random", "random arm motions"}};
  for (const PolicyOffer& offer : offers) names.push_back(offer.name);
  names.insert(names.end(), {{"replay:FILE", "plays the tensor \"actions\" of a safetensors file"},
                             {"look", "for measuring: looks at both cameras every 8 steps"},
                             {"look-blind", "for measuring: moves likewise without looking"},
                             {kTrainedPolicy, "the VEGA-3D agent, trained on LIBERO's simulator"},
                             {"vega-tiny", "the VEGA-3D agent, small and untrained"},
                             {"FOLDER", "a checkpoint: model.safetensors and config.json"}});
  return names;
}

PolicySource OpenPolicy(const std::string& name, const PolicyOptions& options,
                        const std::vector<PolicyOffer>& offers) {
  PolicySource source = Find(name, options, offers);
  const int steps = options.open_loop > 0 ? options.open_loop : source.open_loop;
  return steps > 0 ? WithOpenLoop(std::move(source), steps) : source;
}

}  // namespace vega
