// A file written as LIBERO's own scripts write them (tests/tools/make_libero_demo.py, played in
// Python LIBERO): bottom-up pictures, observations one step late.

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/base/error.h"
#include "sim/egl_renderer.h"
#include "tasks/dataset/hdf5_import.h"
#include "tasks/dataset/replay_check.h"
#include "tasks/dataset/validator.h"
#include "tests/dataset/fake_collection.h"

namespace vega {
namespace {

using Catch::Contains;

const std::string kFile = VEGA_FIXTURES "/dataset/libero_object_demo.hdf5";

std::vector<std::string> Found(const Hdf5Reader& reader) {
  EglRenderer renderer;
  std::vector<std::string> found;
  for (const Finding& f : Validate(reader, LiberoDemoTasks(), &renderer, {.pictures = 2})) {
    found.push_back(f.check + ": " + f.what);
  }
  return found;
}

TEST_CASE("LIBERO's files are recognised, and are what they are taken for") {
  CHECK_THROWS_WITH(Hdf5Reader::Open(kFile), Contains("convert --to hdf5"));
  const Hdf5Reader reader = Hdf5Reader::Open(kFile, ForeignConventions::kAsIs);
  CHECK(reader.contract().conventions == OfficialLibero());
  CHECK(reader.contract().cameras == std::vector<std::string>{"agentview", "robot0_eye_in_hand"});
  CHECK(reader.demos()[0].suite == "libero_object");
  CHECK(reader.demos()[0].instruction == "pick up the ketchup and place it in the basket");
  CHECK(Found(reader) == std::vector<std::string>{});
  const ReplayCheck states = ReplayByState(reader, 0, LiberoDemoTasks(), 0.01);
  CHECK(states.first_beyond == -1);
  CHECK(states.success);
}

TEST_CASE("LIBERO's files declared as ours are found out") {
  const Hdf5Reader reader =
      Hdf5Reader::Open(kFile, ForeignConventions::kAsIs, DatasetConventions{});
  const std::vector<std::string> found = Found(reader);
  const auto has = [&](const std::string& words) {
    return std::any_of(found.begin(), found.end(),
                       [&](const std::string& f) { return f.find(words) != f.npos; });
  };
  CHECK(has("joint_states is shifted"));
  CHECK(has("agentview_rgb has row 0 at the bottom"));
  CHECK(has("eye_in_hand_rgb has row 0 at the bottom"));
}

TEST_CASE("LIBERO's files converted are sound files of ours") {
  const Scratch folder;
  ImportHdf5(Hdf5Reader::Open(kFile, ForeignConventions::kConvert), folder / "ours.hdf5", 1, {});
  const Hdf5Reader ours = Hdf5Reader::Open(folder / "ours.hdf5");
  const Hdf5Reader theirs = Hdf5Reader::Open(kFile, ForeignConventions::kAsIs);
  CHECK(ours.demos()[0].steps == theirs.demos()[0].steps - 1);
  CHECK(ours.Actions(0, 0, 1) == theirs.Actions(0, 1, 1));
  CHECK(ours.Numbers(0, "obs/ee_pos", 0, 1) == theirs.Numbers(0, "obs/ee_pos", 0, 1));
  CHECK(Found(Hdf5Reader::Open(folder / "ours.hdf5", ForeignConventions::kAsIs)) ==
        std::vector<std::string>{});
}

}  // namespace
}  // namespace vega
