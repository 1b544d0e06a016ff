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

}  // namespace
}  // namespace vega
