#include "tasks/bddl/problem_parts.h"

#include <algorithm>

namespace vega {

const BddlRegion* FindRegion(const BddlProblem& problem, const std::string& full_name) {
  const auto found = std::find_if(problem.regions.begin(), problem.regions.end(),
                                  [&](const auto& one) { return one.full_name() == full_name; });
  return found == problem.regions.end() ? nullptr : &*found;
}

const BddlInstance* FindInstance(const BddlProblem& problem, const std::string& name) {
  for (const auto* list : {&problem.fixtures, &problem.objects}) {
    for (const BddlInstance& one : *list) {
      if (one.name == name) return &one;
    }
  }
  return nullptr;
}

bool StartsTrue(const BddlProblem& problem, const BddlPredicate& predicate) {
  return std::any_of(problem.init.begin(), problem.init.end(), [&](const auto& p) {
    return p.name == predicate.name && p.args == predicate.args;
  });
}

}  // namespace vega
