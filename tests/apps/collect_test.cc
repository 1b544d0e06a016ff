// vega collect and vega dataset on a LIBERO task: a full disk loses nothing, and what was collected
// can be replayed and converted.

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/apps/run_binary.h"

namespace vega {
namespace {

using Catch::Contains;

TEST_CASE("a collection goes on after a full disk, replays bit for bit and becomes a LeRobot set") {
  const ScratchFolder folder;
  const std::string set = (folder / "set.hdf5").string();
  const std::string collect =
      "collect --suite libero_object --tasks 0 --episodes 1 --policy random --all-outcomes "
      "--max-steps 2 --image 16 --out " +
      set;
  // no file may grow beyond 32 KiB, which the scene's description alone does
  const Output full = RunVega(collect, "trap \"\" XFSZ; ulimit -f 32;");
  CHECK(full.code == 1);
  CHECK_THAT(full.err, Contains("vega collect: ") && Contains("File too large"));
  CHECK_FALSE(std::filesystem::exists(set));
  CHECK(RunVega(collect + " --resume").code == 0);
  CHECK_THAT(RunVega(collect + " --resume").out, Contains("complete"));
  CHECK_THAT(RunVega("dataset info " + set).out, Contains("1 demonstrations, 2 steps"));
  CHECK(RunVega("dataset replay " + set + " --by action --tolerance 0").code == 0);
  CHECK_THAT(RunVega("dataset stats " + set).out, Contains("\"num_transitions\": 2"));
  const std::string lerobot = (folder / "lerobot").string();
  CHECK(RunVega("dataset convert " + set + " --to lerobot --out " + lerobot).code == 0);
  CHECK(std::filesystem::exists(folder / "lerobot/meta/info.json"));
}

TEST_CASE("the expert takes over from another policy, is cut off, resumed, checked and packed") {
  const ScratchFolder folder;
  const std::string set = (folder / "set.hdf5").string(), pack = (folder / "pack").string();
  const std::string collect =
      "collect --suite libero_goal --tasks 7 --episodes 2 --workers 1 --image 0 --takeover random "
      "--takeover-after 4-30 --out " +
      set;
  // no file may grow beyond 32 KiB, which the scene's description alone does
  CHECK(RunVega(collect, "trap \"\" XFSZ; ulimit -f 32;").code == 1);
  CHECK_THAT(
      RunVega("collect --suite libero_goal --tasks 7 --episodes 2 --image 0 --resume --out " + set)
          .err,
      Contains("another takeover"));
  const Output resumed = RunVega(collect + " --resume");
  CHECK(resumed.code == 0);
  CHECK_THAT(resumed.err, Contains("random acts for 4 to 30 steps, then expert takes over"));
  CHECK_THAT(resumed.err, Contains("attempts before the takeover"));
  CHECK_THAT(RunVega("dataset info " + set).out,
             Contains("2 demonstrations") && Contains("taken over from random: expert_acts"));
  CHECK_THAT(RunVega("dataset validate " + set).out, Contains("nothing wrong found"));
  CHECK(RunVega("dataset replay " + set + " --by action --tolerance 0").code == 0);
  CHECK(RunVega("dataset pack " + set + " --out " + pack +
                " --size 16 --samples 6 --held-out 0 --early-share 0.5 --early-steps 4")
            .code == 0);
  CHECK_THAT(RunVega("dataset validate " + pack).out, Contains("nothing wrong found"));
}

TEST_CASE("a takeover that cannot be is refused in one line") {
  const ScratchFolder folder;
  const std::string collect =
      "collect --suite libero_goal --tasks 7 --episodes 1 --image 0 --out " +
      (folder / "set.hdf5").string();
  CHECK_THAT(RunVega(collect + " --takeover nobody").err, Contains("unknown policy 'nobody'"));
  CHECK_THAT(RunVega(collect + " --takeover random --noise 0.1").err,
             Contains("--takeover and --noise exclude each other"));
  CHECK_THAT(RunVega(collect + " --takeover random --all-outcomes").err,
             Contains("--takeover and --all-outcomes exclude each other"));
  CHECK_THAT(RunVega(collect + " --takeover random --policy look").err,
             Contains("policy look looks at pictures and cannot take over"));
  for (const char* range : {"0-9", "9-4", "7", "a-b", "3-4x"}) {
    CHECK_THAT(RunVega(collect + " --takeover random --takeover-after " + range).err,
               Contains("is no range of control steps"));
  }
  CHECK(RunVega(collect + " --takeover-after 3-9").code != 0);
  CHECK_FALSE(std::filesystem::exists(folder / "set.hdf5.parts"));
}

}  // namespace
}  // namespace vega
