#include "tasks/bddl/bddl_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "tasks/bddl/problem_parts.h"

namespace vega {
namespace {

// instances of one category stand together, as a repeated category would hide the earlier ones
std::string Instances(const std::vector<BddlInstance>& instances) {
  std::vector<std::string> categories;
  for (const BddlInstance& instance : instances) {
    if (std::find(categories.begin(), categories.end(), instance.category) == categories.end()) {
      categories.push_back(instance.category);
    }
  }
  std::string text;
  for (const std::string& category : categories) {
    text += "   ";
    for (const BddlInstance& instance : instances) {
      if (instance.category == category) text += " " + instance.name;
    }
    text += " - " + category + "\n";
  }
  return text;
}

std::string Sizes(const std::vector<BddlInstance>& objects) {
  std::string text;
  for (const BddlInstance& object : objects) {
    if (object.size != 1) text += fmt::format(" ({} {})", object.name, object.size);
  }
  return text.empty() ? text : "  (:sizes" + text + ")\n";
}

std::string Predicate(const BddlPredicate& predicate) {
  return fmt::format("({} {})", predicate.name, fmt::join(predicate.args, " "));
}

std::string Region(const BddlRegion& region) {
  std::string text = fmt::format("    ({}\n      (:target {})\n", region.name, region.target);
  if (!region.ranges.empty()) {
    text += "      (:ranges (";
    for (const auto& r : region.ranges) {
      text += fmt::format("({} {} {} {})", r[0], r[1], r[2], r[3]);
    }
    text += "))\n";
  }
  if (region.yaw_rotation != std::array<double, 2>{0, 0}) {
    text += fmt::format("      (:yaw_rotation (({} {})))\n", region.yaw_rotation[0],
                        region.yaw_rotation[1]);
  }
  return text + "    )\n";
}

}  // namespace

std::string ToBddl(const BddlProblem& problem) {
  std::string text = fmt::format("(define (problem {})\n  (:domain robosuite)\n  (:language {})\n",
                                 problem.problem_name, problem.language);
  text += "  (:regions\n";
  for (const BddlRegion& region : problem.regions) {
    if (FindInstance(problem, region.target)) text += Region(region);
  }
  text += "  )\n  (:fixtures\n" + Instances(problem.fixtures) + "  )\n";
  text += "  (:objects\n" + Instances(problem.objects) + "  )\n" + Sizes(problem.objects);
  text +=
      fmt::format("  (:obj_of_interest {})\n  (:init\n", fmt::join(problem.obj_of_interest, " "));
  for (const BddlPredicate& predicate : problem.init) text += "    " + Predicate(predicate) + "\n";
  text += "  )\n  (:goal (And";
  for (const BddlPredicate& predicate : problem.goal) text += " " + Predicate(predicate);
  return text + "))\n)\n";
}

}  // namespace vega
