// From the goal predicates of a BDDL problem to the skills that make them true, in order.
//
//   1. drawers and doors that nothing is put in are closed, knobs are turned
//   2. what must be open is opened: by the goal, to put something in, or to take something out
//   3. objects are moved: what others go on first, then low ones, so that tall ones do not bar the
//      hand's way
//   4. what something was put in is closed
//
// Only names and truths, no geometry, so a new problem over known categories needs nothing new.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tasks/bddl/bddl.h"

namespace vega {

enum class Skill { kOpen, kClose, kTurnOn, kTurnOff, kMove };

struct PlanStep {
  Skill skill;
  std::string subject;  // what is moved, opened or turned: an object, fixture or region
  std::string target;   // kMove: the object or region it goes on or in
  int goal = -1;        // index of the predicate it makes true; -1: only prepares another step
  int sharing = 1;      // kMove: how many goals have that target

  bool operator==(const PlanStep&) const = default;
};

// "move(butter_1, wooden_cabinet_1_top_region)"
std::string ToString(const PlanStep& step);

// What the planner asks about the scene as it is.
struct PlanFacts {
  // The drawer or door region that must be open for something to go into or out of `region`; empty
  // when none.
  std::function<std::string(const std::string& region)> door_of;
  std::function<bool(const std::string& door)> is_open;
  // The region within which an object lies, if it has a door; else empty.
  std::function<std::string(const std::string& object)> inside;
  std::function<double(const std::string& object)> height;  // m, of the object itself
};

// Steps for the goals that do not hold yet (`holds` has one entry a goal). Throws Error for a
// predicate that no skill makes true.
std::vector<PlanStep> PlanGoals(const std::vector<BddlPredicate>& goals,
                                const std::vector<bool>& holds, const PlanFacts& facts);

}  // namespace vega
