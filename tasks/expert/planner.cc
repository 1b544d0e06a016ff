#include "tasks/expert/planner.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.h"

namespace vega {
namespace {

class Planner {
 public:
  Planner(const std::vector<BddlPredicate>& goals, const std::vector<bool>& holds,
          const PlanFacts& facts)
      : goals_(goals), holds_(holds), facts_(facts) {}

  std::vector<PlanStep> Plan() {
    for (size_t i = 0; i < goals_.size(); ++i) {
      if (!holds_[i]) Sort(static_cast<int>(i));
    }
    OrderMoves();
    Prepare();
    std::vector<PlanStep> plan;
    for (auto* part : {&close_first_, &turn_, &open_, &move_, &close_last_}) {
      plan.insert(plan.end(), part->begin(), part->end());
    }
    return plan;
  }

 private:
  void Sort(int index) {
    const BddlPredicate& goal = goals_[index];
    const std::string& subject = goal.args[0];
    if (goal.name == "on" || goal.name == "in") {
      const std::string& target = goal.args[1];
      const auto shares = [&](const BddlPredicate& g) {
        return (g.name == "on" || g.name == "in") && g.args[1] == target;
      };
      const auto sharing = std::count_if(goals_.begin(), goals_.end(), shares);
      move_.push_back({Skill::kMove, subject, target, index, static_cast<int>(sharing)});
    } else if (goal.name == "open") {
      open_.push_back({Skill::kOpen, subject, "", index});
    } else if (goal.name == "close") {
      (HoldsTraffic(subject) ? close_last_ : close_first_)
          .push_back({Skill::kClose, subject, "", index});
    } else if (goal.name == "turnon") {
      turn_.push_back({Skill::kTurnOn, subject, "", index});
    } else if (goal.name == "turnoff") {
      turn_.push_back({Skill::kTurnOff, subject, "", index});
    } else {
      throw Error(fmt::format("the expert has no skill for the goal {}", goal.name),
                  "it knows on, in, open, close, turnon and turnoff");
    }
  }

  // something still has to go into or come out of it
  bool HoldsTraffic(const std::string& door) const {
    for (size_t i = 0; i < goals_.size(); ++i) {
      const BddlPredicate& goal = goals_[i];
      if (holds_[i] || (goal.name != "on" && goal.name != "in")) continue;
      if (facts_.door_of(goal.args[1]) == door || facts_.inside(goal.args[0]) == door) return true;
    }
    return false;
  }

  void OrderMoves() {
    std::stable_sort(move_.begin(), move_.end(), [&](const PlanStep& a, const PlanStep& b) {
      return facts_.height(a.subject) < facts_.height(b.subject);
    });
    // what something goes on moves before it; a circle of goals stays as it is
    std::vector<PlanStep> ordered;
    while (!move_.empty()) {
      auto next = std::find_if(move_.begin(), move_.end(), [&](const PlanStep& step) {
        return std::none_of(move_.begin(), move_.end(), [&](const PlanStep& other) {
          return &other != &step && other.subject == step.target;
        });
      });
      if (next == move_.end()) next = move_.begin();
      ordered.push_back(*next);
      move_.erase(next);
    }
    move_ = std::move(ordered);
  }

  // opens what bars the way of a move
  void Prepare() {
    for (const PlanStep& step : move_) {
      for (const std::string& door : {facts_.door_of(step.target), facts_.inside(step.subject)}) {
        if (door.empty() || facts_.is_open(door)) continue;
        const bool planned = std::any_of(open_.begin(), open_.end(),
                                         [&](const PlanStep& o) { return o.subject == door; });
        if (!planned) open_.push_back({Skill::kOpen, door, "", -1});
      }
    }
  }

  const std::vector<BddlPredicate>& goals_;
  const std::vector<bool>& holds_;
  const PlanFacts& facts_;
  std::vector<PlanStep> close_first_, turn_, open_, move_, close_last_;
};

}  // namespace

std::string ToString(const PlanStep& step) {
  switch (step.skill) {
    case Skill::kOpen:
      return fmt::format("open({})", step.subject);
    case Skill::kClose:
      return fmt::format("close({})", step.subject);
    case Skill::kTurnOn:
      return fmt::format("turn_on({})", step.subject);
    case Skill::kTurnOff:
      return fmt::format("turn_off({})", step.subject);
    case Skill::kMove:
      return fmt::format("move({}, {})", step.subject, step.target);
  }
  return {};
}

std::vector<PlanStep> PlanGoals(const std::vector<BddlPredicate>& goals,
                                const std::vector<bool>& holds, const PlanFacts& facts) {
  return Planner(goals, holds, facts).Plan();
}

}  // namespace vega
