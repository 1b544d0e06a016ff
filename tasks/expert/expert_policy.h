// The scripted expert as a policy: plans skills from the BDDL goal and plays them on the true
// state.

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "policies/policy.h"
#include "tasks/expert/tables.h"

namespace vega {

struct ExpertOptions {
  // How much its motions differ from one episode to the next, 0 (not at all) to 1: speed down by up
  // to 30 %, noise of up to 0.08 of full speed on each action. Drawn from the episode's key.
  double variation = 0;
};

// The options of a policy name "expert" or "expert:V"; nothing for another name. Throws Error when
// V is not a number from 0 to 1.
std::optional<ExpertOptions> ParseExpertName(const std::string& name);

class ExpertPolicy : public Policy {
 public:
  explicit ExpertPolicy(std::shared_ptr<const ExpertTables> tables, ExpertOptions options = {});
  ~ExpertPolicy() override;

  const PolicyContract& contract() const override { return contract_; }
  void Reset(const EpisodeKey& episode) override;
  // Once the goals hold, or it knows of no further way, it lets go, backs off and holds still.
  // Throws Error for a goal or category it has no skill for.
  std::vector<Action> Act(const PolicyInput& input) override;

  // Whether it gave up: its tries are used up and the goal does not hold.
  bool failed() const;
  // The skill being played, e.g. "move(butter_1, basket_1_contain_region)"; for displays.
  std::string skill() const;

 private:
  struct Episode;

  std::shared_ptr<const ExpertTables> tables_;
  ExpertOptions options_;
  PolicyContract contract_;
  EpisodeKey key_;
  std::unique_ptr<Episode> episode_;  // made at the first call
};

}  // namespace vega
