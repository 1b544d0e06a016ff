// The whole chain as a user runs it: demonstrations, packs, four stages, Ctrl-C and --resume, and
// an evaluation of what came out.

#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "tests/apps/run_binary.h"

namespace vega {
namespace {

using Catch::Contains;
using Json = nlohmann::json;

const std::string kRecipe = VEGA_RECIPES "/smoke.json";

// the values of one scalar of a stage, in order
std::vector<double> Scalars(const std::filesystem::path& run, const std::string& stage,
                            const std::string& name) {
  std::vector<double> values;
  std::istringstream lines(ReadText(run / "metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json["stage"] == stage && json.contains(name)) {
      values.push_back(json[name]);
    }
  }
  return values;
}

TEST_CASE("the smoke recipe runs from demonstrations to a policy, with a stop on the way") {
  const ScratchFolder folder;
  const auto run = folder / "run";
  const std::string train = "train " + kRecipe + " --out " + run.string() + " --data " +
                            (folder / "data").string() + " --threads 1";
  const int pid = StartVega(train);
  for (int i = 0; i < 6000 && Scalars(run, "semantic", "loss").empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  kill(pid, SIGINT);
  CHECK(WaitFor(pid) == 130);
  CHECK(std::filesystem::exists(run / "02-semantic/state.safetensors"));

  const Output rest = RunVega(train + " --resume");
  INFO(rest.err);
  REQUIRE(rest.code == 0);
  CHECK_THAT(rest.err, Contains("vae: done before") && Contains("world: done before"));
  // it learns the few samples there are
  const std::vector<double> l1 = Scalars(run, "policy", "l1");
  REQUIRE(l1.size() >= 12);
  CHECK(l1.back() < 0.6 * l1.front());
  CHECK(Scalars(run, "policy", "success/libero_object").size() == 1);
  const Output eval = RunVega(
      "eval --suite libero_object --tasks 0 --episodes 1 --max-steps 9 "
      "--policy " +
      (run / "model").string() + " --out " + (folder / "eval").string());
  INFO(eval.err);
  CHECK(eval.code == 0);
  CHECK_THAT(ReadText(folder / "eval/manifest.json"), Contains("policy of recipe smoke"));
  CHECK_THAT(RunVega(train).err, Contains("already holds a run"));
}

}  // namespace
}  // namespace vega
