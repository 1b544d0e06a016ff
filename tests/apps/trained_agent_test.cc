// The trained agent that comes with the program, run as a user runs it first.

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/apps/run_binary.h"

namespace vega {
namespace {

using Catch::Contains;
using Json = nlohmann::json;

TEST_CASE("where no policy is named the trained agent plays, and solves tasks") {
  const ScratchFolder folder;
  const auto run = folder / "run";
  const Output output =
      RunVega("eval --suite libero_object --tasks 3,5,8,9 --episodes 1 --out " + run.string());
  CHECK(output.code == 0);
  CHECK_THAT(output.err, !Contains("untrained"));
  const Json manifest = Json::parse(ReadText(run / "manifest.json"));
  CHECK(manifest["policy"]["name"] == "vega-s");
  CHECK(manifest["config"]["render_quality"] == "fast");
  // each solved in 3 of 3 episodes where it was measured; rounding differs between processors
  CHECK(Json::parse(ReadText(run / "summary.json"))["successes"] >= 2);
}

}  // namespace
}  // namespace vega
