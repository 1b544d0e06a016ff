// Files of other conventions are refused or turned into ours; LeRobot's layout is complete.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "tasks/dataset/hdf5_import.h"
#include "tasks/dataset/lerobot_export.h"
#include "tests/dataset/fake_collection.h"

namespace vega {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using Json = nlohmann::json;

Json ReadJson(const fs::path& file) { return Json::parse(std::ifstream(file)); }

TEST_CASE("a reader hands out what was recorded, any rows of it") {
  const Scratch folder;
  WriteFake(folder / "set.hdf5", {OneFake()});
  const Hdf5Reader reader = Hdf5Reader::Open(folder / "set.hdf5");
  const Demonstration& demo = OneFake().demo;
  REQUIRE(reader.demos().size() == 1);
  CHECK(reader.demos()[0].steps == demo.steps());
  CHECK(reader.demos()[0].instruction == "push the box");
  CHECK(reader.contract().render_quality == RenderQuality::kExact);
  CHECK(reader.Actions(0, 5, 2)[1][6] == demo.actions[7 * 6 + 6]);
  const Image frame = reader.Frames(0, "agentview", 7, 1)[0];
  CHECK(frame.pixels.front() == 255);  // red is brightest at the top
  CHECK(frame.pixels[(kFakeImage - 1) * kFakeImage * 3] < 32);
  CHECK_THROWS_AS(reader.Actions(0, 0, demo.steps() + 1), Error);
}

TEST_CASE("a file of other conventions is refused unless conversion is asked for") {
  const Scratch folder;
  DatasetContract contract = FakeContract();
  contract.conventions = OfficialLibero();
  WriteFake(folder / "set.hdf5", {OneFake()}, contract);
  CHECK_THROWS_WITH(Hdf5Reader::Open(folder / "set.hdf5"),
                    Contains("row 0 of a picture is the bottom"));
  const Hdf5Reader reader = Hdf5Reader::Open(folder / "set.hdf5", ForeignConventions::kConvert);
  const Demonstration& demo = OneFake().demo;
  // stored as if after the action: row t of what is read pairs observation t with action t + 1
  CHECK(reader.demos()[0].steps == demo.steps() - 1);
  CHECK(reader.Actions(0, 0, 1)[0][1] == demo.actions[7 + 1]);
  CHECK(reader.Numbers(0, "obs/ee_pos", 0, 1)[0] == demo.ee_pos[0]);
  CHECK(reader.Frames(0, "agentview", 0, 1)[0].pixels.front() < 32);  // turned over
  ImportHdf5(reader, folder / "ours.hdf5", 1, {});
  const Hdf5Reader ours = Hdf5Reader::Open(folder / "ours.hdf5");
  CHECK(ours.contract().conventions == DatasetConventions{});
  CHECK(ours.demos()[0].task_name == "fake_task_0");
  CHECK(ours.Frames(0, "agentview", 3, 1)[0].pixels ==
        reader.Frames(0, "agentview", 3, 1)[0].pixels);
  CHECK(ours.States(0, 2, 1) == reader.States(0, 2, 1));
  CHECK_THROWS_WITH(ImportHdf5(ours, folder / "again.hdf5", 1, {}), Contains("already"));
}

TEST_CASE("a LeRobot folder has every table and tells where each episode lies") {
  const Scratch folder;
  WriteFake(folder / "set.hdf5", CollectFake(FakeJobs(2, 1), FakeOptions()));
  const Hdf5Reader reader = Hdf5Reader::Open(folder / "set.hdf5");
  // no room for two episodes in a data file
  ExportLerobot(reader, folder / "lerobot", {.file_megabytes = 0});
  const Json info = ReadJson(folder / "lerobot/meta/info.json");
  CHECK(info["codebase_version"] == "v3.0");
  CHECK(info["total_episodes"] == 2);
  CHECK(info["total_frames"] == reader.demos()[0].steps + reader.demos()[1].steps);
  CHECK(info["features"]["action"]["shape"] == Json{7});
  CHECK(info["features"]["observation.images.image2"]["info"]["video.fps"] == 20);
  const Json stats = ReadJson(folder / "lerobot/meta/stats.json");
  CHECK(stats["observation.images.image"]["max"][0][0][0] == 1.0);
  CHECK(stats["action"]["q99"].size() == 7);
  for (const char* file : {"meta/tasks.parquet", "meta/episodes/chunk-000/file-000.parquet",
                           "data/chunk-000/file-000.parquet", "data/chunk-000/file-001.parquet",
                           "videos/observation.images.image/chunk-000/file-000.mp4"}) {
    INFO(file);
    CHECK(fs::exists(folder / "lerobot" / file));
  }
  CHECK_THROWS_WITH(ExportLerobot(reader, folder / "lerobot"), Contains("there already"));
}

}  // namespace
}  // namespace vega
