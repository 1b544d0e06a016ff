// Draws the samples of a demonstration from its stored states.

#pragma once

#include <map>
#include <memory>
#include <vector>

#include "sim/base/random.h"
#include "tasks/dataset/demo_scene.h"
#include "tasks/training/pack_plan.h"
#include "tasks/training/scene_labels.h"

namespace vega {

// What is drawn of one sample.
struct PaintedSample {
  std::vector<uint8_t> frames;  // (cameras, T, size, size, 3)
  std::vector<LabelMaps> maps;  // (cameras) of the newest frame
  LabelPoints points{};
};

class EpisodePainter {
 public:
  // All must outlive it. Throws Error when the demonstration does not fit its task.
  EpisodePainter(const Hdf5Reader& reader, const PackEpisode& episode, const PackOptions& options,
                 const std::vector<std::string>& categories, const DemoTaskSource& tasks,
                 std::shared_ptr<const ExpertTables> tables, EglRenderer& renderer);

  // Steps must not go back from one call to the next: what is older than a clip is forgotten.
  PaintedSample Paint(int64_t step);

 private:
  // the scene's cameras, lights and colours a little different, for this step alone
  void Jitter(int64_t step);
  void Show(int64_t step);
  const std::vector<Image>& Frames(int64_t step);

  const PackOptions& options_;
  uint64_t key_;
  EglRenderer& renderer_;
  DemoScene scene_;
  SceneLabels labels_;
  ModelEdits still_;                             // cameras, lights and colours as the task has them
  int64_t shown_ = -1;                           // step the scene is in
  std::map<int64_t, std::vector<Image>> drawn_;  // by step: (cameras)
};

}  // namespace vega
