#include "tasks/generate/place_words.h"

#include <fmt/format.h>

#include <string_view>

#include "tasks/bddl/problem_parts.h"
#include "tasks/generate/object_facts.h"

namespace vega {
namespace {

// "the cookie box", which stands on the workspace's box_region; empty for nothing
std::string StandingOn(const BddlProblem& problem, const std::string& region_name) {
  for (const BddlPredicate& p : problem.init) {
    const BddlRegion* region = p.name == "on" ? FindRegion(problem, p.args[1]) : nullptr;
    if (!region || region->name != region_name) continue;
    if (const auto* one = FindInstance(problem, p.args[0])) return "the " + Words(one->category);
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
    if (const auto* under = FindInstance(problem, p.args[1])) {
      return "on the " + Words(under->category);
    }
    const BddlRegion* region = FindRegion(problem, p.args[1]);
    if (!region) return {};
    const BddlInstance* owner = FindInstance(problem, region->target);
    const std::string words =
        owner ? PartWords(p.name, region->name, Words(owner->category)) : std::string();
    return words.empty() ? RegionWords(problem, region->name) : words;
  }
  return {};
}

}  // namespace vega
