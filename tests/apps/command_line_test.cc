// What the binary says to bad input: one line on stderr that names the mode, and an exit code.

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <limits>
#include <vector>

#include "sim/base/safetensors.h"
#include "tests/apps/run_binary.h"

namespace vega {
namespace {

using Catch::Contains;

// one line on stderr, nothing on stdout, and failure; returns the line
std::string Refusal(const std::string& args) {
  INFO("vega " << args);
  const Output output = RunVega(args);
  CHECK(output.code > 0);
  CHECK(output.code < 128);
  CHECK(output.out.empty());
  CHECK(std::count(output.err.begin(), output.err.end(), '\n') == 1);
  CHECK_THAT(output.err, Catch::StartsWith("vega"));
  return output.err;
}

std::string Actions(const ScratchFolder& folder, std::vector<int64_t> shape,
                    const std::vector<double>& values) {
  SafetensorsWriter writer;
  writer.Add("actions", std::move(shape), values);
  writer.Write(folder / "actions.safetensors");
  return (folder / "actions.safetensors").string();
}

TEST_CASE("every mode explains itself") {
  for (const std::string mode : {"", "suites", "eval", "replay", "describe"}) {
    CAPTURE(mode);
    const Output output = RunVega(mode + " --help");
    CHECK(output.code == 0);
    CHECK(output.err.empty());
    CHECK_THAT(output.out, Contains("Usage: vega") && Contains("--help"));
  }
  const std::string eval = RunVega("eval --help").out;
  CHECK_THAT(eval, Contains("--episodes") && Contains("=50") && Contains("vega-tiny") &&
                       Contains("replay:FILE") && Contains("0.05 s"));
}

TEST_CASE("a mode or flag that does not exist is refused") {
  CHECK_THAT(Refusal("evil"), Contains("unknown mode 'evil'") && Contains("eval"));
  CHECK_THAT(Refusal(""), Contains("no mode given"));
  CHECK_THAT(Refusal("eval --suite libero_goal --policy hold --epsiodes 3"),
             Contains("--epsiodes") && Contains("vega eval --help"));
  CHECK_THAT(Refusal("eval --policy hold"), Contains("--suite"));
  CHECK_THAT(Refusal("eval --suite libero_goal --policy hold --episodes none"),
             Contains("--episodes"));
  CHECK_THAT(Refusal("eval --suite libero_goal --policy hold --device tpu"), Contains("cpu"));
}

TEST_CASE("an unknown suite, task or policy is named and near or valid ones offered") {
  CHECK_THAT(Refusal("eval --suite libero_gaol --policy hold"), Catch::StartsWith("vega eval: ") &&
                                                                    Contains("libero_gaol") &&
                                                                    Contains("libero_goal"));
  CHECK_THAT(Refusal("eval --suite libero_goal --policy holt"),
             Contains("holt") && Contains("hold, random"));
  CHECK_THAT(Refusal("eval --suite libero_goal --policy hold --tasks no_such_task"),
             Contains("no_such_task"));
  CHECK_THAT(Refusal("describe --suite libero_goal --task 10 --out /tmp/x"), Contains("10"));
}

TEST_CASE("bad task ranges are refused") {
  for (const std::string tasks : {"0-", "3-1", "8-10", "1,,2x"}) {
    CHECK_THAT(Refusal("eval --suite libero_goal --policy hold --tasks " + tasks),
               Catch::StartsWith("vega eval: "));
  }
}

TEST_CASE("an output folder that cannot be used is refused before anything runs") {
  const ScratchFolder folder;
  std::ofstream(folder / "notes.txt") << "mine";
  const std::string eval = "eval --suite libero_goal --policy hold --out ";
  CHECK_THAT(Refusal(eval + (folder / "").string()), Contains("is not empty"));
  CHECK_THAT(Refusal(eval + "/dev/null/run"), Contains("/dev/null/run"));
  CHECK_THAT(Refusal(eval + (folder / "none").string() + " --resume"),
             Contains("no run to resume"));
  CHECK_THAT(Refusal("eval --suite libero_goal --policy hold --resume"), Contains("--out"));
}

TEST_CASE("replay refuses actions that are not finite or not seven wide") {
  const ScratchFolder folder;
  const std::string replay = "replay --suite libero_goal --task 0 --out " +
                             (folder / "out.safetensors").string() + " --actions ";
  CHECK_THAT(Refusal(replay + Actions(folder, {2, 6}, std::vector<double>(12))),
             Contains("F64 [2, 6]"));
  std::vector<double> values(14);
  values[13] = std::numeric_limits<double>::infinity();
  CHECK_THAT(Refusal(replay + Actions(folder, {2, 7}, values)), Contains("actions[1,6] is inf"));
  CHECK_THAT(Refusal(replay + "/nowhere.safetensors"), Contains("/nowhere.safetensors"));
  CHECK_FALSE(std::filesystem::exists(folder / "out.safetensors"));
}

TEST_CASE("replay refuses an initial state that does not exist") {
  const ScratchFolder folder;
  const std::string actions = Actions(folder, {1, 7}, std::vector<double>(7));
  CHECK_THAT(Refusal("replay --suite libero_goal --task 0 --init 50 --out " +
                     (folder / "out.safetensors").string() + " --actions " + actions),
             Contains("no initial state 50") && Contains("it has 50"));
}

}  // namespace
}  // namespace vega
