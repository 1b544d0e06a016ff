// An ablation as a user runs it: a base, arms, seeds, evaluations and a sweep; stopped on the way
// and gone on with.

#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "tests/apps/run_binary.h"

namespace vega {
namespace {

using Catch::Contains;
using Json = nlohmann::json;
namespace fs = std::filesystem;

const std::string kRecipes = VEGA_RECIPES;

Json Recipe(const char* name) { return Json::parse(ReadText(kRecipes + "/" + name)); }

std::string Write(const fs::path& file, const Json& json) {
  std::ofstream(file) << json.dump();
  return file.string();
}

// the smoke recipe's agent after two steps of its semantic encoder
void TrainBase(const ScratchFolder& folder) {
  Json recipe = Recipe("smoke.json");
  Json stage = recipe["stages"][2];
  stage["steps"] = stage["validate_every"] = 2;
  recipe["stages"] = Json::array({stage});
  const Output output = RunVega("train " + Write(folder / "base.json", recipe) + " --out " +
                                (folder / "base").string() + " --data " +
                                (folder / "data").string() + " --threads 1");
  INFO(output.err);
  REQUIRE(output.code == 0);
}

std::vector<Json> Lines(const fs::path& file) {
  std::vector<Json> lines;
  std::istringstream text(ReadText(file));
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  return lines;
}

TEST_CASE("an ablation trains its arms, plays the same episodes and compares, with a stop") {
  const ScratchFolder folder;
  TrainBase(folder);
  Json recipe = Recipe("ablation-smoke.json");
  recipe["base"] = (folder / "base/model").string();
  const std::string file = Write(folder / "ablation.json", recipe);
  const fs::path out = folder / "out";
  const std::string ablate = "ablate " + file + " --out " + out.string() + " --data " +
                             (folder / "data").string() + " --threads 1 --workers 1";
  const Output before = RunVega(ablate + " --dry-run");
  CHECK(before.code == 0);
  CHECK_THAT(before.out,
             Contains("to do  train token-gated seed 1, 6 steps") &&
                 Contains("to do  play gate-0 seed 2, moved: 2 episodes, camera=0.05") &&
                 Contains("0 of 26 done"));
  CHECK_FALSE(fs::exists(out));

  const int pid = StartVega(ablate);
  const fs::path second = out / "arms/semantic-only/seed-1/recipe.json";
  for (int i = 0; i < 6000 && !fs::exists(second); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  kill(pid, SIGINT);
  CHECK(WaitFor(pid) == 130);
  CHECK_FALSE(fs::exists(out / "arms/token-gated/seed-2"));

  // two processes share what is left
  const int other = StartVega(ablate);
  const Output half = RunVega(ablate);
  INFO(half.err);
  CHECK(half.code == 0);
  CHECK_THAT(half.out, Contains("runs were left to other processes"));
  REQUIRE(WaitFor(other) == 0);
  CHECK_THAT(RunVega(ablate + " --dry-run").out, Contains("26 of 26 done"));
  const Output rest = RunVega(ablate);
  REQUIRE(rest.code == 0);
  CHECK_FALSE(Contains("left to other processes").match(rest.out));

  // 4 arms x 2 seeds, each held out, clean and moved; 2 cells of the sweep
  std::map<std::string, int> kinds;
  for (const Json& line : Lines(out / "results.jsonl")) {
    ++kinds[line["shift"].is_null() ? "held out" : line["shift"].get<std::string>()];
    if (line["shift"].is_null()) CHECK(line["held_out"]["action_l1"].get<double>() > 0);
    if (line["arm"] == "gate-0" && line["shift"].is_null()) {
      CHECK(line["held_out"]["gate"] == 0);
      CHECK_FALSE(line["held_out"].contains("loss"));
    }
  }
  CHECK(kinds == std::map<std::string, int>{{"held out", 10}, {"clean", 8}, {"moved", 8}});
  CHECK_THAT(rest.out, Contains("| gate-0: token-gated, its gate at 0 | 2 |") &&
                           Contains("Less token-gated on the same seeds") &&
                           Contains("| block \\ timestep | 300 |"));
  CHECK(fs::exists(out / "heatmap.png"));
  // the shift is part of what was run
  const Json manifest = Json::parse(
      ReadText(out / "arms/token-gated/seed-2/eval-moved/libero_object_swap/manifest.json"));
  CHECK(manifest["config"]["shift"] == "camera=0.05,light=0.3,robot=0.1,noise=0.05");
  CHECK(manifest["seeds"]["reset"] == 2);

  // what is done belongs to its recipe and its base
  recipe["stage"]["steps"] = 7;
  Write(folder / "ablation.json", recipe);
  CHECK_THAT(RunVega(ablate).err, Contains("was trained by another recipe than arm"));
}

TEST_CASE("an ablation says what is wrong with its recipe before anything is trained") {
  const ScratchFolder folder;
  fs::create_directories(folder / "base");
  Write(folder / "base/config.json", Json::object());
  Json recipe = Recipe("ablation-smoke.json");
  recipe["base"] = (folder / "base").string();
  const auto says = [&](const Json& changed) {
    const Output output = RunVega("ablate " + Write(folder / "recipe.json", changed) +
                                  " --dry-run --out " + (folder / "out").string());
    CHECK(output.code == 1);
    return output.err;
  };
  Json changed = recipe;
  changed["base"] = (folder / "none").string();
  CHECK_THAT(says(changed), Contains("is no checkpoint"));
  changed = recipe;
  changed["base_parts"] = {"world", "policy"};
  CHECK_THAT(says(changed), Contains("base_parts names \"policy\""));
  changed = recipe;
  changed["arms"][0]["gate"] = 1;
  CHECK_THAT(says(changed), Contains("unknown key 'gate' in") && Contains("arms[0]"));
  changed = recipe;
  changed["arms"][2]["from"] = "semantic-mlp";
  CHECK_THAT(says(changed), Contains("\"gate-0\" starts from \"semantic-mlp\""));
  changed = recipe;
  changed["arms"][1]["agent"]["model"]["fusion"]["method"] = "token-gated";
  CHECK_THAT(says(changed), Contains("unknown fusion method 'token-gated'"));
  changed = recipe;
  changed["stage"]["learning_rate"] = 1;
  CHECK_THAT(says(changed), Contains("unknown key 'learning_rate'") && Contains("token-gated"));
  changed = recipe;
  changed["evaluations"][1]["shift"] = "camra=1";
  CHECK_THAT(says(changed), Contains("unknown shift 'camra=1'"));
  changed = recipe;
  changed["reference"] = "add";
  CHECK_THAT(says(changed), Contains("the reference \"add\" is no arm"));
}

}  // namespace
}  // namespace vega
