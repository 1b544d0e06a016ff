// vega dataset pack as its users meet it; its parts have tests of their own.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/apps/run_binary.h"

namespace vega {
namespace {

using Catch::Contains;

TEST_CASE("demonstrations without pictures become a pack, which is looked at and checked") {
  const ScratchFolder folder;
  const std::string set = (folder / "set.hdf5").string(), out = (folder / "pack").string();
  const std::string pack = "dataset pack " + set + " --out " + out + " --size 32 --samples 2";
  CHECK(RunVega("collect --suite libero_object --tasks 0 --episodes 1 --policy random "
                "--all-outcomes --max-steps 4 --image 0 --noise 0.1 --out " +
                set)
            .code == 0);
  CHECK_THAT(RunVega("dataset info " + set).out,
             Contains("no pictures") && Contains("expert_actions"));
  CHECK(RunVega("dataset replay " + set + " --by action --tolerance 0").code == 0);
  CHECK_THAT(RunVega("dataset convert " + set + " --to lerobot --out " + out).err,
             Contains("has no pictures"));
  CHECK(RunVega(pack + " --held-out 0").code == 0);
  CHECK_THAT(RunVega(pack + " --held-out 0").err, Contains("is there already"));
  CHECK_THAT(RunVega(pack + " --held-out 0 --resume").out, Contains("is complete"));
  CHECK_THAT(RunVega(pack + " --held-out 0 --clip 2 --resume").err,
             Contains("another clip_length: 1, not 2"));
  CHECK_THAT(RunVega("dataset info " + out).out, Contains("2 samples of 1 demonstrations"));
  CHECK_THAT(RunVega("dataset validate " + out).out, Contains("nothing wrong found"));
  std::filesystem::remove(folder / "pack/shard-00000.safetensors");
  const Output damaged = RunVega("dataset validate " + out);
  CHECK(damaged.code == 1);
  CHECK_THAT(damaged.err, Contains("shard-00000"));
}

TEST_CASE("a list of packs is collected and packed, once") {
  const ScratchFolder folder;
  const std::string list = (folder / "list.json").string(), out = (folder / "train").string();
  const std::string make = "dataset make " + list + " --out " + out;
  std::ofstream(list) << R"({"data": [{"pack": "p", "samples": 2, "size": 16, "held_out": 0,
    "collect": [{"suite": "libero_object", "tasks": "2", "episodes": 1, "seed": 3, "exchange": 1,
                 "scatter": 0.02, "attempts": 5}]}]})";
  CHECK(RunVega(make).code == 0);
  CHECK(std::filesystem::exists(folder /
                                "train/demos/libero_object-2-exchange1-scatter0.02-1x3.hdf5"));
  CHECK_THAT(RunVega("dataset info " + out + "/p").out, Contains("2 samples"));
  // neither collected nor packed again, even when the demonstrations are gone
  std::filesystem::remove_all(folder / "train/demos");
  CHECK(RunVega(make).code == 0);
  CHECK_FALSE(std::filesystem::exists(folder / "train/demos"));
  std::ofstream(list)
      << R"([{"pack": "p", "samples": 3, "suite": "libero_object", "episodes": 1}])";
  CHECK_THAT(RunVega(make).err, Contains("was packed with another"));
  std::ofstream(list) << R"([{"pack": "t", "samples": 4, "size": 16, "held_out": 0,
    "early_steps": 8, "suite": "libero_object", "tasks": "2", "episodes": 1,
    "takeover": "random", "takeover_after": "5-9"}])";
  CHECK(RunVega(make).code == 0);
  CHECK(std::filesystem::exists(folder / "train/demos/libero_object-2-takeover-random-1x0.hdf5"));
  CHECK(RunVega(make).code == 0);
  std::ofstream(list) << R"([{"pack": "q", "scatter": -1, "suite": "libero_object",
    "episodes": 1}])";
  CHECK_THAT(RunVega(make).err, Contains("scatter or attempts is out of range"));
  std::ofstream(list) << R"([{"pack": "q", "sample": 3, "suite": "libero_object", "episodes": 1}])";
  CHECK_THAT(RunVega(make).err, Contains("unknown key \"sample\""));
  std::ofstream(list) << R"([{"pack": "q", "collect": [{"suite": "libero_object"}]}])";
  CHECK_THAT(RunVega(make).err, Contains("needs a suite and episodes"));
}

TEST_CASE("a list may ask for generated problems in place of a suite") {
  const ScratchFolder folder;
  const std::string list = (folder / "list.json").string(), out = (folder / "train").string();
  const std::string make = "dataset make " + list + " --out " + out;
  std::ofstream(list) << R"([{"pack": "g", "samples": 2, "size": 16, "held_out": 0,
    "generate": 1, "generate_seed": 11, "episodes": 1}])";
  CHECK(RunVega(make).code == 0);
  CHECK_THAT(RunVega("dataset info " + out + "/g").out, Contains("problems-1x11"));
  std::ofstream(list) << R"([{"pack": "g", "generate": 1, "episodes": 1}, {"pack": "object",
    "samples": 2, "size": 16, "held_out": 0, "generate": 1, "generate_from": ["libero_object"],
    "generate_seed": 11, "episodes": 1}])";
  CHECK(RunVega(make + " --only object --workers 1").code == 0);
  const std::string made = RunVega("dataset info " + out + "/object").out;
  CHECK_THAT(made, Contains("problems-libero_object-1x11"));
  CHECK_THAT(RunVega(make + " --only objects").err,
             Contains("no pack of the list is called \"objects\"") && Contains("g, object"));
  std::ofstream(list) << R"([{"pack": "own", "generate": 1, "places": "owned", "episodes": 1}])";
  CHECK_THAT(RunVega(make).err, Contains("drawn or own"));
  std::ofstream(list)
      << R"([{"pack": "own", "suite": "libero_goal", "places": "own", "episodes": 1}])";
  CHECK_THAT(RunVega(make).err, Contains("places without generate"));
  std::ofstream(list) << R"([{"pack": "own", "generate": 1, "sizes": 3, "episodes": 1}])";
  CHECK_THAT(RunVega(make).err, Contains("sizes is 3"));
  std::ofstream(list) << R"([{"pack": "h", "generate": 1, "suite": "libero_goal", "episodes": 1}])";
  CHECK_THAT(RunVega(make).err, Contains("either a suite or problems"));
}

}  // namespace
}  // namespace vega
