// What vega ablate is told, as one JSON file: a trained world model and semantic encoder, the stage
// that trains a policy on them, and arms that differ from it in a few keys each.

#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasks/shift.h"

namespace vega {

// One way to train a policy.
struct AblationArm {
  std::string name;   // of its folder
  std::string about;  // a phrase for the table
  // An earlier arm whose policy of the same seed it starts from and whose keys it goes on from;
  // empty: the base's parts, with new weights for all else.
  std::string from;
  // JSON merge patches (RFC 7386) over the recipe's, or over those of `from`.
  nlohmann::json agent = nlohmann::json::object();
  nlohmann::json stage = nlohmann::json::object();
};

// Episodes every arm plays, the same for all.
struct AblationEvaluation {
  std::string name;  // of its folder and column
  std::vector<std::string> suites;
  std::string tasks;  // of each, e.g. "0,3-5"; empty: all
  int episodes = 10;  // initial states a task
  int max_steps = 0;  // control steps an episode; 0: the suite's horizon
  std::string shift;  // see ParseShift
};

// An arm for each block and timestep, trained for its held-out loss alone.
struct AblationSweep {
  std::vector<int64_t> blocks, timesteps;  // empty: no sweep
  int seeds = 1;                           // of the recipe's, from the first
  nlohmann::json agent = nlohmann::json::object();
  nlohmann::json stage = nlohmann::json::object();
};

struct Ablation {
  std::string name = "ablation";
  std::string description;
  std::string out;   // folder; empty: runs/NAME
  std::string base;  // checkpoint folder
  // What of the base every arm starts from: world, semantic. The rest is drawn anew.
  std::vector<std::string> base_parts = {"world", "semantic"};
  std::vector<uint64_t> seeds = {1, 2,
                                 3};  // of weights, batches and episodes; the same for all arms
  std::string reference;              // the arm that others are compared with; empty: the first
  nlohmann::json agent = nlohmann::json::object();  // laid over the base's own
  nlohmann::json stage = nlohmann::json::object();  // StageOptions of the policy stage
  nlohmann::json data = nlohmann::json::array();    // as in a training recipe
  std::vector<AblationArm> arms;
  std::vector<AblationEvaluation> evaluations;
  AblationSweep sweep;

  const AblationArm& Arm(const std::string& name) const;
};

// Throws Error naming the file and the first thing wrong with it; what an agent or a stage is given
// is not looked at yet.
Ablation ReadAblation(const std::filesystem::path& file);
nlohmann::json ToJson(const Ablation& ablation);

// The arms of the sweep, named block-B-timestep-T, by block, then by timestep.
std::vector<AblationArm> SweepArms(const Ablation& ablation);

// The training recipe of an arm with a seed. `base` is the config.json of the base; `start` the
// checkpoint of `from` where the arm has one.
nlohmann::json ArmRecipe(const Ablation& ablation, const AblationArm& arm, uint64_t seed,
                         const nlohmann::json& base, const std::filesystem::path& start);

}  // namespace vega
