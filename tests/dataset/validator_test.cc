// Each kind of damage a trainer would not notice, done to a sound data set, is found; and nothing
// is found in the sound one.

#include "tasks/dataset/validator.h"

#include <zlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "sim/base/error.h"
#include "tests/dataset/fake_collection.h"

namespace vega {
namespace {

using Catch::Contains;

Image Inflate(const DeflatedImage& deflated) {
  Image image{kFakeImage, kFakeImage, std::vector<uint8_t>(kFakeImage * kFakeImage * 3)};
  uLongf size = image.pixels.size();
  REQUIRE(uncompress(image.pixels.data(), &size, deflated.data(), deflated.size()) == Z_OK);
  return image;
}

void TurnUpsideDown(Demonstration& demo) {
  const size_t row = kFakeImage * 3;
  for (auto& camera : demo.images) {
    for (DeflatedImage& deflated : camera) {
      Image image = Inflate(deflated);
      for (int y = 0; y < kFakeImage / 2; ++y) {
        std::swap_ranges(image.pixels.begin() + y * row, image.pixels.begin() + (y + 1) * row,
                         image.pixels.begin() + (kFakeImage - 1 - y) * row);
      }
      deflated = Deflate(image, 1);
    }
  }
}

// row t gets what row t + 1 has; the last one stays
void ShiftRows(std::vector<double>& values, size_t width) {
  std::rotate(values.begin(), values.begin() + width, values.end());
  std::copy_n(values.end() - 2 * width, width, values.end() - width);
}

void ShiftObservations(Demonstration& demo) {
  ShiftRows(demo.ee_pos, 3);
  ShiftRows(demo.ee_quat, 4);
  ShiftRows(demo.joint_states, 7);
  ShiftRows(demo.gripper_states, 2);
}

std::vector<Finding> FindingsOf(const std::vector<FakeDemo>& demos,
                                const DatasetContract& contract = FakeContract()) {
  const Scratch folder;
  WriteFake(folder / "set.hdf5", demos, contract);
  const Hdf5Reader reader = Hdf5Reader::Open(folder / "set.hdf5", ForeignConventions::kAsIs);
  PictureRenderer renderer;
  return Validate(reader, FakeTasks(), &renderer);
}

// what is found once `damage` is done to a sound demonstration
template <typename Damage>
std::vector<Finding> Damaged(Damage damage) {
  FakeDemo demo = OneFake();
  damage(demo.demo);
  return FindingsOf({demo});
}

std::vector<std::string> Checks(const std::vector<Finding>& findings) {
  std::vector<std::string> checks;
  for (const Finding& finding : findings) {
    UNSCOPED_INFO(finding.check << " " << finding.demo << " " << finding.what);
    if (checks.empty() || checks.back() != finding.check) checks.push_back(finding.check);
  }
  return checks;
}

using Names = std::vector<std::string>;

TEST_CASE("nothing is wrong with a sound data set") {
  CHECK(Checks(FindingsOf({OneFake()})) == Names{});
}

TEST_CASE("pictures upside down are found") {
  const auto findings = Damaged(TurnUpsideDown);
  CHECK(Checks(findings) == Names{"pictures"});
  REQUIRE(findings.size() == 2);  // cameras
  CHECK_THAT(findings[0].what, Contains("row 0 at the bottom"));
}

TEST_CASE("pictures of the next state are found") {
  const auto findings = Damaged([](Demonstration& demo) {
    for (auto& camera : demo.images) std::rotate(camera.begin(), camera.begin() + 1, camera.end());
  });
  CHECK(Checks(findings) == Names{"pictures"});
  CHECK_THAT(findings.at(0).what, Contains("shifted"));
}

TEST_CASE("observations shifted against the actions are found") {
  const auto findings = Damaged(ShiftObservations);
  CHECK(Checks(findings) == Names{"observations"});
  CHECK_THAT(findings.at(0).what, Contains("joint_states is shifted"));
}

TEST_CASE("a gripper command of the wrong sign is found") {
  const auto findings = Damaged([](Demonstration& demo) {
    for (int64_t t = 0; t < demo.steps(); ++t) demo.actions[7 * t + 6] *= -1;
  });
  CHECK(Checks(findings) == Names{"gripper"});
}

TEST_CASE("quaternions in w,x,y,z order are found") {
  const auto findings = Damaged([](Demonstration& demo) {
    for (int64_t t = 0; t < demo.steps(); ++t) {
      const auto q = demo.ee_quat.begin() + 4 * t;
      std::rotate(q, q + 3, q + 4);
    }
  });
  CHECK(Checks(findings) == Names{"quaternions"});
  CHECK_THAT(findings.at(0).what, Contains("as w,x,y,z"));
}

TEST_CASE("numbers that are not finite, and actions out of bounds, are found") {
  const auto nan = Damaged([](Demonstration& demo) { demo.actions[7 * 4 + 2] = NAN; });
  CHECK(Checks(nan) == Names{"values"});
  CHECK_THAT(nan.at(0).what, Contains("actions[4,2] is nan"));
  const auto large = Damaged([](Demonstration& demo) { demo.actions[7 * 5] = 1.5; });
  CHECK_THAT(large.at(0).what, Contains("actions[5,0] is 1.5"));
}

TEST_CASE("actions that point against the motion are found") {
  const auto findings = Damaged([](Demonstration& demo) {
    for (int64_t t = 0; t < demo.steps(); ++t) {
      for (int i = 0; i < 3; ++i) demo.actions[7 * t + i] *= -1;
    }
  });
  CHECK(Checks(findings) == Names{"actions"});
}

TEST_CASE("a demonstration that does not end in success is found") {
  const auto findings = Damaged([](Demonstration& demo) {
    // time, by which the fake goal goes
    const size_t width = demo.states.size() / demo.steps();
    for (int64_t t = 0; t < demo.steps(); ++t) demo.states[width * t] = 0;
  });
  CHECK(Checks(findings) == Names{"success"});
}

TEST_CASE("a file that declares other conventions is judged by them") {
  DatasetContract contract = FakeContract();
  contract.conventions = OfficialLibero();
  FakeDemo demo = OneFake();
  CHECK(Checks(FindingsOf({demo}, contract)) == Names{"observations", "pictures"});
  TurnUpsideDown(demo.demo);
  ShiftObservations(demo.demo);
  for (auto& camera : demo.demo.images) {
    std::rotate(camera.begin(), camera.begin() + 1, camera.end());
  }
  CHECK(Checks(FindingsOf({demo}, contract)) == Names{});
}

TEST_CASE("a truncated file is refused, wherever it was cut") {
  const Scratch folder;
  WriteFake(folder / "set.hdf5", {OneFake()});
  const auto size = std::filesystem::file_size(folder / "set.hdf5");
  for (const double share : {0.0, 0.01, 0.5, 0.9, 0.999}) {
    const auto cut = folder / "cut.hdf5";
    std::filesystem::copy_file(folder / "set.hdf5", cut,
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(cut, static_cast<uintmax_t>(share * static_cast<double>(size)));
    INFO("cut at " << share);
    CHECK_THROWS_AS(Hdf5Reader::Open(cut), Error);
  }
}

}  // namespace
}  // namespace vega
