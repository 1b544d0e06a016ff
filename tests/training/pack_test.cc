// Packs: the frames a data set itself shows, labels as the simulator knows them, the same bytes
// whatever the workers, the order of files and the kills.
//
// The demonstration is 30 rows of libero_object's ketchup, recorded in Python LIBERO.

#include "tasks/training/pack.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <set>

#include "sim/base/error.h"
#include "sim/base/safetensors.h"
#include "sim/camera.h"
#include "tasks/dataset/hdf5_import.h"
#include "tasks/dataset/statistics.h"
#include "tasks/training/pack_check.h"
#include "tasks/training/scene_labels.h"
#include "tests/dataset/fake_collection.h"

namespace vega {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

const std::string kFile = VEGA_FIXTURES "/dataset/libero_object_demo.hdf5";
constexpr int kRows = 29;  // the first is dropped by the conversion

// the demonstration in our conventions
class Ketchup {
 public:
  Ketchup() {
    ImportHdf5(Hdf5Reader::Open(kFile, ForeignConventions::kConvert), folder_ / "ketchup.hdf5", 1,
               {});
    sources_.push_back(Hdf5Reader::Open(folder_ / "ketchup.hdf5"));
  }

  const std::vector<Hdf5Reader>& sources() const { return sources_; }
  const Hdf5Reader& reader() const { return sources_[0]; }

  // makes the pack `name`; stops after `limit` samples. Its folder.
  fs::path Pack(const PackOptions& options, const std::string& name, bool resume = false,
                int limit = 1000) const {
    const PackPlan plan = PlanPack(sources_, options);
    PackFolder folder(folder_ / name, PackConfig(sources_, options), resume);
    std::atomic<bool> stop = false;
    if (!folder.complete()) {
      WritePack(sources_, options, plan, folder, stop, [&] {
        if (--limit == 0) stop = true;
      });
    }
    return folder_ / name;
  }

 private:
  Scratch folder_;
  std::vector<Hdf5Reader> sources_;
};

const Ketchup& Demo() {
  static const Ketchup demo;
  return demo;
}

PackOptions Options(int every, int size = 24) {
  PackOptions options;
  options.size = size;
  options.samples = 0;
  options.every = every;
  options.held_out = 0;
  options.workers = 1;
  return options;
}

std::string Bytes(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, std::string> Contents(const fs::path& pack) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : fs::directory_iterator(pack)) {
    contents[entry.path().filename()] = Bytes(entry.path());
  }
  return contents;
}

TEST_CASE("a packed frame is the picture the data set has of that step") {
  PackOptions options = Options(1);
  options.quality = RenderQuality::kExact;
  const fs::path pack = Demo().Pack(options, "frames");
  const SafetensorsFile shard = SafetensorsFile::Open(pack / ShardName(0));
  const auto frames = shard.Values<uint8_t>("frames");
  const size_t picture = 24 * 24 * 3;
  REQUIRE(frames.size() == kRows * 2 * picture);
  for (size_t camera = 0; camera < 2; ++camera) {
    const auto recorded = Demo().reader().Frames(0, options.cameras[camera], 0, kRows);
    for (int t = 0; t < kRows; ++t) {
      double sum = 0;
      for (size_t i = 0; i < picture; ++i) {
        sum += std::abs(frames[(2 * t + camera) * picture + i] - recorded[t].pixels[i]);
      }
      // what was recorded is 4 ms older than the state
      CHECK(sum / picture < 5);
    }
  }
  CHECK(CheckPack(pack, {}).empty());
}

TEST_CASE("a clip ends at its step, and before the first step repeats it") {
  PackOptions options = Options(1);
  options.clip_length = 3;
  options.clip_stride = 2;
  const fs::path clips = Demo().Pack(options, "clips");
  const fs::path single = Demo().Pack(Options(1), "single");
  const auto many = SafetensorsFile::Open(clips / ShardName(0)).Values<uint8_t>("frames");
  const auto one = SafetensorsFile::Open(single / ShardName(0)).Values<uint8_t>("frames");
  const size_t picture = 24 * 24 * 3;
  for (int t = 0; t < kRows; ++t) {
    for (int camera = 0; camera < 2; ++camera) {
      for (int frame = 0; frame < 3; ++frame) {
        const int step = std::max(0, t - 2 * (2 - frame));
        CHECK(std::equal(one.begin() + (2 * step + camera) * picture,
                         one.begin() + (2 * step + camera + 1) * picture,
                         many.begin() + ((2 * t + camera) * 3 + frame) * picture));
      }
    }
  }
}

TEST_CASE("actions are the steps' own, padded with no-ops that keep the grip") {
  PackOptions options = Options(1);
  options.chunk_length = 4;
  const fs::path pack = Demo().Pack(options, "labels");
  const SafetensorsFile shard = SafetensorsFile::Open(pack / ShardName(0));
  const auto actions = shard.Values<float>("actions");
  const auto valid = shard.Values<uint8_t>("valid");
  const std::vector<Action> labels = Demo().reader().Labels(0, 0, kRows);
  for (int t = 0; t < kRows; ++t) {
    for (int k = 0; k < 4; ++k) {
      const bool there = t + k < kRows;
      CHECK(valid[4 * t + k] == there);
      for (int i = 0; i < 7; ++i) {
        const double wanted = there ? labels[t + k][i] : i == 6 ? labels.back()[6] : 0;
        CHECK(actions[(4 * t + k) * 7 + i] == static_cast<float>(wanted));
      }
    }
  }
  const auto proprio = shard.Values<float>("proprio");
  const std::vector<double> sensed = ProprioRows(Demo().reader(), 0, 0, kRows);
  for (size_t i = 0; i < sensed.size(); ++i) CHECK(proprio[i] == static_cast<float>(sensed[i]));
}

TEST_CASE("the label maps show what the simulator knows") {
  const int size = 128, side = size / kLabelCell;
  const PackOptions options = Options(kRows, size);  // one sample
  const fs::path pack = Demo().Pack(options, "maps");
  const SafetensorsFile shard = SafetensorsFile::Open(pack / ShardName(0));
  const auto segmentation = shard.Values<uint8_t>("segmentation");
  const auto roles = shard.Values<uint8_t>("roles");
  const auto points = shard.Values<float>("points");
  const std::vector<std::string> categories = PackCategories();

  const DemoTaskSource tasks = LiberoDemoTasks();
  DemoScene scene(Demo().reader(), 0, tasks);
  scene.Show(shard.Values<int32_t>("step")[0]);
  const World world(scene.environment().task(), scene.environment().scene());
  const mjData& data = world.data();
  const CameraSpec camera = FindCamera(world.model(), "agentview");
  // the cell that shows a point of the world
  const auto cell_of = [&](const Vector3d& point) {
    mjtNum offset[3], seen[3];
    mju_sub3(offset, point.data(), data.cam_xpos + 3 * camera.id);
    mju_mulMatTVec3(seen, data.cam_xmat + 9 * camera.id, offset);
    const double focal = camera.FocalLength(size);
    const auto x = static_cast<int>(size / 2.0 - focal * seen[0] / seen[2]);
    const auto y = static_cast<int>(size / 2.0 + focal * seen[1] / seen[2]);
    return y / kLabelCell * side + x / kLabelCell;
  };
  int looked_at = 0;
  for (const Item& item : world.items()) {
    if (item.category == "basket") continue;  // its middle is empty
    const Bounds bounds = world.BoundsOf(item);
    const int cell = cell_of((bounds.low + bounds.high) / 2);
    INFO(item.name << " is shown as " << categories[segmentation[cell]]);
    CHECK(categories[segmentation[cell]] == item.category);
    ++looked_at;
  }
  CHECK(looked_at >= 4);

  int acted_on = 0, goes_to = 0, ketchup_cells = 0;
  for (int cell = 0; cell < side * side; ++cell) {
    const std::string& shown = categories[segmentation[cell]];
    if (roles[cell] & kActedOn) {
      ++acted_on;
      ketchup_cells += shown == "ketchup";
    }
    if (roles[cell] & kGoesTo) {
      ++goes_to;
      CHECK((shown == "basket" || shown == "background"));
    }
  }
  CHECK(roles[cell_of(world.PoseOf(*world.FindItem("ketchup_1")).p)] == kActedOn);
  CHECK(ketchup_cells >= 2);
  CHECK(ketchup_cells >= acted_on / 2);  // those at its edge show more of what is beside it
  CHECK(goes_to >= 4);
  const Vector3d base = world.RobotBase();  // is not turned
  const Vector3d ketchup = world.PoseOf(*world.FindItem("ketchup_1")).p;
  const Vector3d hand = world.Hand().p;
  for (int i = 0; i < 3; ++i) {
    CHECK(points[i] == Approx(ketchup[i] - base[i]).margin(1e-5));
    CHECK(points[6 + i] == Approx(hand[i] - base[i]).margin(1e-5));
  }
}

TEST_CASE("each pixel is given the geom that a ray meets first") {
  const DemoTaskSource tasks = LiberoDemoTasks();
  DemoScene scene(Demo().reader(), 0, tasks);
  scene.Show(kRows - 1);
  EglRenderer renderer;
  const int size = 96;
  for (const char* name : {"agentview", "robot0_eye_in_hand"}) {
    const Scene& shown = scene.environment().scene();
    const std::vector<int> geoms = renderer.RenderGeoms(shown, name, size, size);
    const CameraSpec camera = FindCamera(shown.model(), name);
    const mjtNum* eye = shown.data().cam_xpos + 3 * camera.id;
    const mjtByte drawn[mjNGROUP] = {0, 1, 1, 0, 0, 0};
    int same = 0, looked_at = 0;
    for (int y = 1; y < size; y += 3) {
      for (int x = 1; x < size; x += 3, ++looked_at) {
        const mjtNum to[3] = {x + 0.5 - size / 2.0, size / 2.0 - y - 0.5,
                              -camera.FocalLength(size)};
        mjtNum ray[3];
        mju_mulMatVec3(ray, shown.data().cam_xmat + 9 * camera.id, to);
        mju_normalize3(ray);
        int geom = -1;
        mj_ray(&shown.model(), &shown.data(), eye, ray, drawn, 1, -1, &geom);
        same += geom == geoms[y * size + x];
      }
    }
    INFO(name << ": " << same << " of " << looked_at);
    CHECK(same > 0.95 * looked_at);
  }
}

TEST_CASE("a pack is the same with one worker, two, and after a kill") {
  PackOptions options = Options(2);
  options.shard_samples = 4;
  const fs::path one = Demo().Pack(options, "one");
  options.workers = 2;
  const fs::path two = Demo().Pack(options, "two");
  const fs::path cut = Demo().Pack(options, "cut", false, 6);
  CHECK_FALSE(fs::exists(cut / "pack.json"));
  CHECK_THROWS_WITH(ReadPack(cut), Contains("not finished"));
  CHECK_THROWS_WITH(Demo().Pack(options, "cut"), Contains("--resume continues it"));
  PackOptions other = options;
  other.seed = 9;
  CHECK_THROWS_WITH(Demo().Pack(other, "cut", true), Contains("another seed: 0, not 9"));
  Demo().Pack(options, "cut", true);
  CHECK(Contents(one) == Contents(two));
  CHECK(Contents(one) == Contents(cut));
  CHECK(Contents(one).size() == 5);  // 15 samples: four shards, and pack.json
  CHECK(CheckPack(cut, {}).empty());
}

TEST_CASE("jitter moves the scene's camera, dims lights and paints, the same way each time") {
  const auto frames = [](const PackOptions& options, const std::string& name) {
    const fs::path pack = Demo().Pack(options, name);
    return SafetensorsFile::Open(pack / ShardName(0)).Values<uint8_t>("frames");
  };
  PackOptions options = Options(10);
  const auto plain = frames(options, "still");
  options.camera_jitter = 0.05;
  const auto moved = frames(options, "moved"), again = frames(options, "moved_again");
  options.camera_jitter = 0;
  options.light_jitter = 0.5;
  const auto lit = frames(options, "lit");
  options.light_jitter = 0;
  options.recolour = 1;
  const auto painted = frames(options, "painted");
  CHECK(moved == again);
  CHECK(painted == frames(options, "painted_again"));
  const size_t picture = 24 * 24 * 3;
  for (size_t i = 0; i < plain.size() / picture; ++i) {
    const auto differs = [&](const std::vector<uint8_t>& other) {
      return !std::equal(plain.begin() + i * picture, plain.begin() + (i + 1) * picture,
                         other.begin() + i * picture);
    };
    CHECK(differs(moved) == (i % 2 == 0));  // the wrist's camera stays
    CHECK(differs(lit));
    CHECK(differs(painted));
  }
}

TEST_CASE("what is held out and which steps are taken is a matter of the demonstration alone") {
  const Scratch folder;
  const auto demos = CollectFake(FakeJobs(2, 6), FakeOptions(2));
  WriteFake(folder / "all.hdf5", demos);
  WriteFake(folder / "some.hdf5", {demos[7], demos[2], demos[4], demos[9]});
  PackOptions options;
  options.samples = 5;
  options.held_out = 0.4;
  std::vector<Hdf5Reader> all, some;
  all.push_back(Hdf5Reader::Open(folder / "all.hdf5"));
  some.push_back(Hdf5Reader::Open(folder / "some.hdf5"));
  const PackPlan whole = PlanPack(all, options);
  const auto held_out = std::count_if(whole.episodes.begin(), whole.episodes.end(),
                                      [](const PackEpisode& e) { return e.held_out; });
  CHECK(held_out > 0);
  CHECK(held_out < 12);
  REQUIRE(whole.samples.size() == 12 * 5);
  for (size_t i = 1; i < whole.samples.size(); ++i) {
    const PackSample &before = whole.samples[i - 1], &now = whole.samples[i];
    CHECK((now.episode > before.episode || now.step > before.step));
  }
  const PackPlan part = PlanPack(some, options);
  for (const auto& [mine, theirs] :
       {std::pair(0, 7), std::pair(1, 2), std::pair(2, 4), std::pair(3, 9)}) {
    CHECK(part.episodes[mine].held_out == whole.episodes[theirs].held_out);
    for (int i = 0; i < 5; ++i) {
      CHECK(part.samples[5 * mine + i].step == whole.samples[5 * theirs + i].step);
    }
  }
  options.held_out = 1;
  CHECK_THROWS_WITH(PlanPack(all, options), Contains("held out"));
}

TEST_CASE("a pack that was tampered with is found out") {
  const fs::path pack = Demo().Pack(Options(10), "tampered");
  REQUIRE(CheckPack(pack, {}).empty());
  const SafetensorsFile shard = SafetensorsFile::Open(pack / ShardName(0));
  // writes the shard anew with one tensor changed
  const auto faults = [&](const std::string& name, auto values) {
    SafetensorsWriter writer;
    for (const auto& [tensor, view] : shard.tensors()) {
      if (tensor == name) {
        writer.Add(tensor, view.dtype, view.shape, std::as_bytes(std::span(values)));
      } else {
        writer.Add(tensor, view.dtype, view.shape, view.bytes);
      }
    }
    writer.Write(pack / ShardName(0));
    const std::vector<std::string> found = CheckPack(pack, {});
    return found.empty() ? std::string() : found[0];
  };
  auto actions = shard.Values<float>("actions");
  actions[7 * 16 + 2] = NAN;
  CHECK_THAT(faults("actions", actions), Contains("row 1: actions holds nan"));
  auto segmentation = shard.Values<uint8_t>("segmentation");
  segmentation[5] = 255;
  CHECK_THAT(faults("segmentation", segmentation), Contains("segmentation is 255, beyond"));
  CHECK_THAT(faults("held_out", std::vector<uint8_t>(3, 1)), Contains("held_out is not as"));
  CHECK_THAT(faults("instruction", std::vector<int32_t>{0, 0, 4}), Contains("there are 1"));
  fs::resize_file(pack / ShardName(0), 5000);
  CHECK(CheckPack(pack, {}).size() == 1);
  CHECK_THROWS_WITH(CheckPack(pack / "nowhere", {}), Contains("holds no pack"));
}

}  // namespace
}  // namespace vega
