// The videos of a run: one MP4 an episode, all cameras side by side.

#pragma once

#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tasks/environment.h"
#include "tasks/evaluation/evaluation.h"
#include "tasks/evaluation/video.h"

namespace vega {

// Files are `folder`/task03_episode007.mp4. A video that cannot be written is no fault of the
// episode, so it does not become its outcome: it sets `stop`, and Check throws it.
class RunVideos {
 public:
  // Makes the folder. Throws Error. `stop` must outlive the videos.
  RunVideos(std::filesystem::path folder, std::atomic<bool>& stop);

  // What EvaluationSources::watch asks for. May be called from any thread.
  std::function<void(const Environment&)> Watch(const EpisodeJob& job);
  // Completes the video of a finished episode. Throws Error.
  void Finish(const EpisodeRecord& record);
  // Throws the first failure of a watched episode, if there was one.
  void Check() const;

 private:
  void Fail(std::exception_ptr failure);

  std::filesystem::path folder_;
  std::atomic<bool>& stop_;
  mutable std::mutex mutex_;
  std::map<std::pair<int, int>, std::shared_ptr<std::unique_ptr<VideoWriter>>> open_;
  std::exception_ptr failure_;
};

// File names of the .mp4 files in a folder, sorted; none when there is no such folder.
std::vector<std::string> VideoFiles(const std::filesystem::path& folder);

}  // namespace vega
