#include "tests/dataset/fake_collection.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "tasks/dataset/hdf5_writer.h"

namespace vega {
namespace {

constexpr int kWaitSteps = 10;
constexpr int kSolvedAfter = 36;  // control steps of the policy
constexpr double kStep = 0.05;    // s

std::vector<Action> Wave(const PolicyInput& input) {
  const double t = input.step;
  const double grip = input.step % 16 < 8 ? 1 : -1;
  return {{std::sin(t / 4), std::cos(t / 5), 0.5 * std::sin(t / 3), 0.2, 0, -0.2, grip}};
}

std::shared_ptr<const Task> LoadFake(int index) {
  return std::make_shared<FakeTask>(index, kStep * (kWaitSteps + kSolvedAfter));
}

}  // namespace

Image PictureRenderer::Render(const Scene& scene, const std::string&, int height, int width) {
  Image image{height, width, std::vector<uint8_t>(static_cast<size_t>(height) * width * 3)};
  double posture = 0;
  for (const int address : scene.robot().qpos) posture += scene.data().qpos[address];
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* pixel = &image.pixels[(y * width + x) * 3];
      pixel[0] = static_cast<uint8_t>(255 - 255 * y / height);
      pixel[1] = static_cast<uint8_t>(255 - 255 * x / width);
      pixel[2] = static_cast<uint8_t>(128 + 120 * std::sin(8 * posture));
    }
  }
  return image;
}

DatasetContract FakeContract() {
  DatasetContract contract;
  contract.cameras = {"agentview", "robot0_eye_in_hand"};
  contract.image_size = kFakeImage;
  contract.render_quality = RenderQuality::kExact;
  contract.renderer = "fake";
  contract.hold_steps = 3;
  contract.collected_by = "wave";
  return contract;
}

CollectionOptions FakeOptions(int workers) {
  return {
      .contract = FakeContract(), .seed = 7, .workers = workers, .attempts = 2, .max_steps = 60};
}

CollectionSources FakeSources() {
  CollectionSources sources;
  sources.load_task = LoadFake;
  sources.describe_task = [](int task) {
    const std::string name = LoadFake(task)->info().name;
    return DemoTask{.suite = "fake_suite",
                    .index = task,
                    .name = name,
                    .instruction = "push the box",
                    .problem_name = "fake",
                    .bddl_file = "bddl_files/fake_suite/" + name + ".bddl",
                    .bddl_content = "(define)",
                    .mjcf = FakeMjcf()};
  };
  sources.make_policy = [] { return std::make_unique<FakePolicy>(PolicyContract{}, Wave); };
  sources.make_renderer = [](int) { return std::make_unique<PictureRenderer>(); };
  return sources;
}

DemoTaskSource FakeTasks() {
  return [](const DemoInfo& demo) { return LoadFake(demo.task_name.back() - '0'); };
}

std::vector<CollectionJob> FakeJobs(int tasks, int episodes) {
  std::vector<CollectionJob> jobs;
  for (int task = 0; task < tasks; ++task) {
    for (int episode = 0; episode < episodes; ++episode) jobs.push_back({task, episode});
  }
  return jobs;
}

std::vector<FakeDemo> CollectFake(const std::vector<CollectionJob>& jobs,
                                  const CollectionOptions& options) {
  std::map<std::pair<int, int>, FakeDemo> demos;
  CollectionSources sources = FakeSources();
  sources.done = [&](const DemoTask& task, CollectedEpisode episode) {
    demos[{episode.job.task, episode.job.episode}] = {task, std::move(episode.demo)};
  };
  std::atomic<bool> stop = false;
  Collect(jobs, options, sources, stop);
  std::vector<FakeDemo> ordered;
  for (auto& [_, demo] : demos) ordered.push_back(std::move(demo));
  return ordered;
}

const FakeDemo& OneFake() {
  static const FakeDemo demo = CollectFake(FakeJobs(1, 1), FakeOptions()).at(0);
  return demo;
}

void WriteFake(const std::filesystem::path& file, const std::vector<FakeDemo>& demos,
               const DatasetContract& contract) {
  Hdf5Writer writer(file, contract);
  for (const FakeDemo& demo : demos) writer.Add(demo.task, demo.demo);
  writer.Finish("{}");
}

Scratch::Scratch() {
  std::string name = (std::filesystem::temp_directory_path() / "vega_dataset_XXXXXX").string();
  path_ = mkdtemp(name.data());
}

Scratch::~Scratch() { std::filesystem::remove_all(path_); }

}  // namespace vega
