#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <limits>

#include "policies/registry.h"
#include "policies/replay_policy.h"
#include "sim/base/error.h"
#include "sim/base/safetensors.h"

namespace vega {
namespace {

using Catch::Contains;

EpisodeKey Key(int init, uint64_t seed = 0) {
  return {"libero_goal", "open_the_drawer", "open the drawer", init, seed};
}

std::vector<Action> ActAt(Policy& policy, int step) {
  PolicyInput input;
  input.step = step;
  return policy.Act(input);
}

std::filesystem::path WriteActions(const std::string& name, std::vector<int64_t> shape,
                                   const std::vector<double>& values) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / name;
  SafetensorsWriter writer;
  writer.Add("actions", std::move(shape), values);
  writer.Write(file);
  return file;
}

TEST_CASE("hold answers the no-op") {
  CHECK(ActAt(*OpenPolicy("hold").make(), 3) == std::vector<Action>{kNoOp});
}

TEST_CASE("random is a function of the episode and the seed alone") {
  const PolicySource source = OpenPolicy("random");
  auto one = source.make(), two = source.make();
  one->Reset(Key(1));
  two->Reset(Key(2));
  CHECK(ActAt(*one, 0) != ActAt(*two, 0));
  // whatever was asked before, and by which instance
  two->Reset(Key(1));
  ActAt(*one, 5);
  CHECK(ActAt(*one, 10) == ActAt(*two, 10));
  two->Reset(Key(1, 7));
  CHECK(ActAt(*one, 10) != ActAt(*two, 10));
}

TEST_CASE("random holds an arm action for its chunk and flips the gripper every 20 steps") {
  auto policy = OpenPolicy("random").make();
  policy->Reset(Key(0));
  const std::vector<Action> chunk = ActAt(*policy, 15);
  CHECK(chunk.size() == 5);
  CHECK(chunk.front() == chunk.back());
  CHECK(chunk.front()[6] == -1);
  CHECK(ActAt(*policy, 20).front()[6] == 1);
  CHECK(ActAt(*policy, 40).front()[6] == -1);
  for (int i = 0; i < 6; ++i) CHECK(std::abs(chunk.front()[i]) <= 1);
}

TEST_CASE("replay plays a file and then holds the last gripper command") {
  const auto file = WriteActions("vega_replay_policy.safetensors", {2, 7},
                                 {.1, .2, .3, .4, .5, .6, -1, .1, .2, .3, .4, .5, .7, 1});
  auto policy = OpenPolicy("replay:" + file.string()).make();
  CHECK(ActAt(*policy, 1).front() == Action{.1, .2, .3, .4, .5, .7, 1});
  CHECK(ActAt(*policy, 2).front() == Action{0, 0, 0, 0, 0, 0, 1});
}

TEST_CASE("replay refuses actions of the wrong shape or not finite") {
  CHECK_THROWS_WITH(
      LoadActions(WriteActions("vega_wide.safetensors", {1, 8}, std::vector<double>(8))),
      Contains("actions is F64 [1, 8]") && Contains("[T, 7]"));
  std::vector<double> values(14);
  values[9] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(LoadActions(WriteActions("vega_nan.safetensors", {2, 7}, values)),
                    Contains("actions[1,2] is nan"));
  CHECK_THROWS_AS(LoadActions("/nowhere.safetensors"), Error);
}

TEST_CASE("look and look-blind play the same eight steps, and only one looks") {
  const auto look = OpenPolicy("look").make(), blind = OpenPolicy("look-blind").make();
  CHECK(look->contract().cameras.size() == 2);
  CHECK(blind->contract().cameras.empty());
  for (const Policy* policy : {look.get(), blind.get()})
    CHECK(policy->contract().chunk_length == 8);
  PolicyInput input;
  input.step = 40;
  const std::vector<Action> chunk = look->Act(input);
  CHECK(chunk.size() == 8);
  CHECK(chunk == blind->Act(input));
  CHECK(chunk[0][0] == Approx(0.3 * std::sin(4.0)));
  CHECK(chunk[0][6] == 1);
}

TEST_CASE("an unknown policy names the valid ones") {
  CHECK_THROWS_WITH(OpenPolicy("holt"),
                    Contains("unknown policy 'holt'") && Contains("hold, random, replay:FILE"));
  CHECK_THROWS_WITH(OpenPolicy("runs/none/model"),
                    Contains("no checkpoint folder runs/none/model") && Contains("recipe first"));
}

}  // namespace
}  // namespace vega
