// What an ablation trains: every fusion method and control, forced gates, shared features.

#include <ATen/ATen.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "agent/vega_agent.h"
#include "tests/agent/squares.h"

namespace vega {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

TEST_CASE("every fusion method and control trains") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  for (const char* method : {"add", "only", "weighted", "concat", "gated", "token_gated_residual",
                             "instruction_token_gated", "cross_attention", "paper"}) {
    INFO(method);
    Run run = RunOf(scratch, method, {StageNamed("policy", 5)});
    run.recipe.agent["model"]["fusion"]["method"] = method;
    Watcher watcher;
    CHECK(run(watcher));
  }
  for (const char* features : {"random-init", "noise-only"}) {
    INFO(features);
    Run run = RunOf(scratch, features, {StageNamed("policy", 5)});
    run.recipe.stages[0].policy.features = features;
    Watcher watcher;
    CHECK(run(watcher));
    const auto folder = scratch / features / "model";
    CHECK(ReadCheckpointConfig(folder).model.tower ==
          (std::string(features) == "noise-only" ? "noise-only" : "world-model"));
  }
}

TEST_CASE("a stage of no steps looks at held-out samples with a forced gate and learns nothing") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  Watcher watcher;
  REQUIRE(RunOf(scratch, "learnt", {StageNamed("policy", 10)})(watcher));
  Run look = RunOf(scratch, "look", {StageNamed("policy", 0)});
  look.recipe.stages[0].validate_every = 1;
  look.recipe.init = (scratch / "learnt/model").string();
  look.recipe.agent["model"]["fusion"]["forced_gate"] = 0;
  Watcher looked;
  REQUIRE(look(looked));
  CHECK(looked.losses.empty());
  CHECK_THAT(looked.said, Contains("held out:") && Contains("gate 0 "));
  CHECK(SameBytes(scratch / "learnt/model/model.safetensors",
                  scratch / "look/model/model.safetensors"));
  CHECK(ReadCheckpointConfig(scratch / "look/model").model.fusion.forced_gate == 0);
}

TEST_CASE("a policy that goes on learning keeps its bounds, and plays of its chunks what is said") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  Watcher watcher;
  REQUIRE(RunOf(scratch, "first", {StageNamed("policy", 2)})(watcher));
  nlohmann::json narrow = PackJson();
  narrow["action_q99"] = std::vector<double>(7, 0.5);
  narrow["proprio_q01"] = std::vector<double>(8, -0.5);
  WritePack(scratch / "squares", narrow);
  REQUIRE(RunOf(scratch, "fresh", {StageNamed("policy", 2)})(watcher));
  Run second = RunOf(scratch, "second", {StageNamed("policy", 2)});
  second.recipe.init = (scratch / "first/model").string();
  second.recipe.agent["contract"]["open_loop"] = 3;
  REQUIRE(second(watcher));
  Run third = RunOf(scratch, "third", {StageNamed("policy", 2)});
  third.recipe.init = (scratch / "second/model").string();
  REQUIRE(third(watcher));

  const auto contract = [&](const char* out) {
    return ReadCheckpointConfig(scratch / out / "model").contract;
  };
  CHECK(contract("fresh").action_q99 == std::vector<double>(7, 0.5));
  CHECK(contract("second").action_q99 == contract("first").action_q99);
  CHECK(contract("second").proprio_q01 == contract("first").proprio_q01);
  CHECK(contract("first").open_loop == 0);
  CHECK(contract("second").open_loop == 3);
  CHECK(contract("third").open_loop == 3);
}

TEST_CASE("runs share a folder of frozen features and end with the same bytes") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  const Run alone = RunOf(scratch, "alone", {StageNamed("policy", 5)}),
            together = RunOf(scratch, "together", {StageNamed("policy", 5)});
  Watcher watcher;
  REQUIRE(alone(watcher));
  for (const char* out : {"together", "again"}) {
    Run run = together;
    run.recipe.out = (scratch / out).string();
    REQUIRE(Train(
        {.recipe = run.recipe, .data = run.data, .threads = 1, .features = scratch / "shared"},
        watcher, watcher.stop));
    CHECK_FALSE(fs::exists(scratch / out / "features"));
    CHECK(SameBytes(scratch / "alone/model/model.safetensors",
                    scratch / out / "model/model.safetensors"));
  }
  CHECK(std::distance(fs::directory_iterator(scratch / "shared"), fs::directory_iterator()) == 2);
}

TEST_CASE("with semantic-mlp the world model decides nothing") {
  const Scratch scratch;
  WritePack(scratch / "squares");
  Run run = RunOf(scratch, "mlp", {StageNamed("policy", 5)});
  run.recipe.agent["model"]["tower"] = "semantic-mlp";
  Watcher watcher;
  REQUIRE(run(watcher));
  const CheckpointConfig config = ReadCheckpointConfig(scratch / "mlp/model");
  const VegaAgentRunner agent(config, "cpu", scratch / "mlp/model");
  AgentRequest request;
  request.clips.frames = at::full({2, 1, kSize, kSize, 3}, 90, at::kByte);
  request.instruction = agent.text().Encode("touch the square");
  request.proprio = std::vector<double>(8, 0.0);
  request.clips.noise = {{1, "a", 0}, {1, "b", 0}};
  const at::Tensor actions = agent.Act(request);
  request.clips.noise = {{2, "c", 0}, {2, "d", 0}};
  CHECK(at::equal(actions, agent.Act(request)));
  request.clips.frames.fill_(160);
  CHECK_FALSE(at::equal(actions, agent.Act(request)));
}

}  // namespace
}  // namespace vega
