// What is to be done next in a scene, as the expert's planner sees it.

#pragma once

#include <vector>

#include "tasks/expert/planner.h"
#include "tasks/expert/tables.h"
#include "tasks/expert/world.h"

namespace vega {

// What the planner asks, answered from the scene as it is. `world` and `tables` must outlive it.
PlanFacts FactsOf(const World& world, const ExpertTables& tables);

// One entry a goal: whether it holds now.
std::vector<bool> Truths(const World& world);

// The steps that are left, first the next one; none once every goal holds. Throws Error for a goal
// that no skill makes true.
std::vector<PlanStep> StepsLeft(const World& world, const ExpertTables& tables);

}  // namespace vega
