// Looking again before a chunk has been played.

#include "policies/open_loop.h"

#include <catch2/catch.hpp>

namespace vega {
namespace {

TEST_CASE("Of a chunk only the first actions are played, and the contract says so") {
  const PolicySource whole = OpenPolicy("look");
  const PolicySource source = WithOpenLoop(whole, 3);
  CHECK(source.contract.chunk_length == 3);
  CHECK(source.contract.cameras == whole.contract.cameras);
  const auto policy = source.make(), full = whole.make();
  CHECK(policy->contract().chunk_length == 3);
  const EpisodeKey key{.suite = "s", .task_name = "t", .init = 2, .seed = 1};
  policy->Reset(key), full->Reset(key);
  PolicyInput input;
  input.clips.resize(2);
  std::vector<Action> all = full->Act(input);
  REQUIRE(all.size() == 8);
  all.resize(3);
  CHECK(policy->Act(input) == all);
}

TEST_CASE("A policy is opened to look again as its maker says, or as is asked for") {
  const PolicyOffer offer{{"mine", ""}, [](const std::string& name) -> std::optional<PolicySource> {
                            if (name != "mine") return {};
                            PolicySource source = OpenPolicy("look");
                            source.open_loop = 5;
                            return source;
                          }};
  CHECK(OpenPolicy("look").contract.chunk_length == 8);
  CHECK(OpenPolicy("look", {.open_loop = 2}).contract.chunk_length == 2);
  CHECK(OpenPolicy("mine", {}, {offer}).contract.chunk_length == 5);
  CHECK(OpenPolicy("mine", {.open_loop = 7}, {offer}).contract.chunk_length == 7);
}

TEST_CASE("More actions than a chunk has, or none, cannot be played") {
  CHECK_THROWS_WITH(
      WithOpenLoop(OpenPolicy("look"), 9),
      Catch::Contains("chunks of 8 actions, of which 9") && Catch::Contains("choose 1 to 8"));
  CHECK_THROWS_WITH(WithOpenLoop(OpenPolicy("look"), 0), Catch::Contains("of which 0"));
}

}  // namespace
}  // namespace vega
