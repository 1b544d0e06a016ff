// What the workers of a running evaluation see just now, left in the run's folder for whoever
// watches it.
//
// A watcher asks by touching RUN/live/watched; for some seconds after that each worker writes the
// frames it drew last, once a second, to RUN/live/worker_K.safetensors, whole or not at all. A run
// nobody watches writes nothing, and a picture is never drawn for this alone.

#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/image.h"
#include "tasks/evaluation/evaluation.h"

namespace vega {

// The writing side. May be called from any thread.
class LivePictures {
 public:
  // `run`: the run's folder.
  explicit LivePictures(std::filesystem::path run);
  // Removes what was written.
  ~LivePictures();
  LivePictures(const LivePictures&) = delete;
  LivePictures& operator=(const LivePictures&) = delete;

  // What EvaluationSources::step is to call. A file that cannot be written is left out.
  void Offer(int worker, const EpisodeJob& job, int step, const Environment& environment);

 private:
  std::filesystem::path folder_;
  // ms of the steady clock, one a worker; those beyond share
  std::array<std::atomic<int64_t>, 64> due_{};
};

struct LivePicture {
  int worker = 0;
  std::string task;  // its name
  int task_index = 0, episode = 0, step = 0;
  std::vector<Image> cameras;
  int64_t time =
      0;  // when it was written, in the file system's ticks: another time, another picture
};

// The watching side: asks for pictures of a run. Does nothing where the folder cannot be written.
void AskForLivePictures(const std::filesystem::path& run);
// Those there are, by worker; files that cannot be read are left out.
std::vector<LivePicture> ReadLivePictures(const std::filesystem::path& run);

}  // namespace vega
