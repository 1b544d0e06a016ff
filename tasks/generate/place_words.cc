#include "tasks/generate/place_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "tasks/generate/object_facts.h"

namespace vega {
namespace {

const BddlRegion* FindRegion(const BddlProblem& problem, const std::string& full_name) {
  const auto found = std::find_if(problem.regions.begin(), problem.regions.end(),
                                  [&](const auto& one) { return one.full_name() == full_name; });
  return found == problem.regions.end() ? nullptr : &*found;
}

// fixtures and objects
std::vector<BddlInstance> Things(const BddlProblem& problem) {
  std::vector<BddlInstance> things = problem.fixtures;
  things.insert(things.end(), problem.objects.begin(), problem.objects.end());
  return things;
}

// "the cookie box", which stands on the workspace's box_region; empty for nothing
std::string StandingOn(const BddlProblem& problem, const std::string& region_name) {
  for (const BddlPredicate& p : problem.init) {
    const BddlRegion* region = p.name == "on" ? FindRegion(problem, p.args[1]) : nullptr;
    if (!region || region->name != region_name) continue;
    for (const BddlInstance& one : Things(problem)) {
      if (one.name == p.args[0]) return "the " + Words(one.category);
    }
  }
  return {};
}

// of the workspace: "next_to_box_region", "between_plate_ramekin_region", "table_center"
std::string RegionWords(const BddlProblem& problem, std::string name) {
  if (name == "table_center") return "from table center";
  constexpr std::string_view kEnd = "_region", kNext = "next_to_", kBetween = "between_";
  if (!name.ends_with(kEnd)) return {};
  if (name.starts_with(kNext)) {
    const std::string other = StandingOn(problem, name.substr(kNext.size()));
    return other.empty() ? other : "next to " + other;
  }
  if (!name.starts_with(kBetween)) return {};
  name.erase(0, kBetween.size());
  for (size_t cut = name.find('_'); cut != std::string::npos; cut = name.find('_', cut + 1)) {
    const std::string a = StandingOn(problem, name.substr(0, cut).append(kEnd)),
                      b = StandingOn(problem, name.substr(cut + 1));
    if (!a.empty() && !b.empty()) return fmt::format("between {} and {}", a, b);
  }
  return {};
}

// of a fixture's part, "top_side" or "middle_region"
std::string PartWords(const std::string& predicate, const std::string& part,
                      const std::string& whole) {
  if (predicate == "on" && (part == "top_side" || part == "cook_region")) return "on the " + whole;
  for (const char* level : {"top", "middle", "bottom"}) {
    if (predicate == "in" && part == fmt::format("{}_region", level)) {
      return fmt::format("in the {} drawer of the {}", level, whole);
    }
  }
  return {};
}

}  // namespace

std::string PlaceWords(const BddlProblem& problem, const std::string& name) {
  for (const BddlPredicate& p : problem.init) {
    if (p.args.size() != 2 || p.args[0] != name) continue;
    for (const BddlInstance& one : Things(problem)) {
      if (p.args[1] == one.name) return "on the " + Words(one.category);
      if (!p.args[1].starts_with(one.name + "_")) continue;
      const std::string words =
          PartWords(p.name, p.args[1].substr(one.name.size() + 1), Words(one.category));
      if (!words.empty()) return words;
    }
    const BddlRegion* region = FindRegion(problem, p.args[1]);
    return region ? RegionWords(problem, region->name) : std::string();
  }
  return {};
}

}  // namespace vega
