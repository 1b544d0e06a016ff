// Demonstrations of the fake tasks, collected for real: an arm that waves about and works its
// gripper, drawn by a renderer whose pictures tell up from down and one state from the next.

#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "tasks/dataset/collection.h"
#include "tasks/dataset/demo_scene.h"
#include "tests/tasks/fake_task.h"

namespace vega {

inline constexpr int kFakeImage = 16;  // pixels

// Red falls from top to bottom, green from left to right, blue follows the arm.
class PictureRenderer : public FakeRenderer {
 public:
  Image Render(const Scene& scene, const std::string& camera, int height, int width) override;
};

DatasetContract FakeContract();
CollectionOptions FakeOptions(int workers = 1);
CollectionSources FakeSources();  // without `done`
DemoTaskSource FakeTasks();
// `tasks` x `episodes` jobs.
std::vector<CollectionJob> FakeJobs(int tasks, int episodes);

struct FakeDemo {
  DemoTask task;
  Demonstration demo;
};
// What Collect makes of the jobs, in their order.
std::vector<FakeDemo> CollectFake(const std::vector<CollectionJob>& jobs,
                                  const CollectionOptions& options);
// One demonstration, collected once a process.
const FakeDemo& OneFake();
void WriteFake(const std::filesystem::path& file, const std::vector<FakeDemo>& demos,
               const DatasetContract& contract = FakeContract());

// A new folder, removed at the end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace vega
