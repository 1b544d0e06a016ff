// Reading states and fixtures of a demonstration; drawing and writing an episode of the window.

#include "viewer/demonstrations.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.h"
#include "tasks/dataset/demo_scene.h"
#include "tasks/dataset/episode_recorder.h"
#include "tasks/dataset/fixture_poses.h"
#include "tasks/dataset/hdf5_reader.h"
#include "tasks/dataset/hdf5_writer.h"
#include "tasks/environment.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

constexpr int kImageSize = 128;  // pixels, LIBERO's

}  // namespace

RecordedEpisode ReadEpisode(const std::filesystem::path& file, int episode) {
  const Hdf5Reader reader = Hdf5Reader::Open(file, ForeignConventions::kConvert);
  const auto count = static_cast<int>(reader.demos().size());
  if (episode < 0 || episode >= count) {
    throw Error(fmt::format("{} has no demonstration {}", file.string(), episode),
                fmt::format("it has {}, counted from 0", count));
  }
  const DemoInfo& demo = reader.demos()[episode];
  RecordedEpisode recorded{.task = LiberoDemoTasks()(demo), .instruction = demo.instruction};
  const int64_t width = reader.Width(episode, "states");
  const std::vector<double> states = reader.States(episode, 0, demo.steps);
  for (int64_t t = 0; t < demo.steps; ++t) {
    recorded.states.emplace_back(states.begin() + t * width, states.begin() + (t + 1) * width);
  }
  recorded.placement.poses =
      FixturePoses(reader.ModelFile(episode), *recorded.task->model(), file.string());
  return recorded;
}

void WriteEpisode(const Task& task, const std::vector<SnapshotPtr>& history,
                  const std::string& policy, Renderer& renderer,
                  const std::filesystem::path& file) {
  if (history.size() < 2) {
    throw Error("there is nothing to record yet", "play at least one step");
  }
  const DemoTask description = DescribeDemoTask(LoadSuite(task.info().suite), task.info().index);
  DatasetContract contract;
  contract.cameras = {"agentview", "robot0_eye_in_hand"};
  contract.image_size = kImageSize;
  contract.render_quality = renderer.quality();
  contract.renderer = renderer.name();
  contract.successes_only = false;
  contract.collected_by = policy;

  // not owned: the environment lives in this function only
  Environment environment(std::shared_ptr<const Task>(std::shared_ptr<void>(), &task),
                          {.cameras = contract.cameras, .image_size = kImageSize}, &renderer);
  EpisodeRecorder recorder(contract, /*compression=*/1);
  Scene& scene = environment.scene();
  for (size_t t = 0; t + 1 < history.size(); ++t) {
    scene.Load(history[t]->scene);
    environment.Draw();
    recorder.Observe(environment);
    recorder.Act(history[t + 1]->action);
  }
  Demonstration demo = recorder.Take();
  demo.success = history.back()->success;
  demo.model_file = WithFixturePoses(description.mjcf, scene.model(), *scene.base_model());
  Hdf5Writer writer(file, contract);
  writer.Add(description, demo);
  writer.Finish(R"({"recorded_in": "vega view"})");
}

}  // namespace vega
