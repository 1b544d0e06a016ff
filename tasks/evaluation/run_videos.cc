// Opens, fills and finishes the videos of the episodes under way.

#include "tasks/evaluation/run_videos.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "sim/base/error.h"

namespace vega {

RunVideos::RunVideos(std::filesystem::path folder, std::atomic<bool>& stop)
    : folder_(std::move(folder)), stop_(stop) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) {
    throw Error(fmt::format("cannot make the folder {}: {}", folder_.string(), error.message()),
                "choose another --out");
  }
}

std::function<void(const Environment&)> RunVideos::Watch(const EpisodeJob& job) {
  const auto file =
      folder_ / fmt::format("task{:02}_episode{:03}.mp4", job.task.index, job.episode);
  auto writer = std::make_shared<std::unique_ptr<VideoWriter>>();
  {
    const std::lock_guard lock(mutex_);
    open_[{job.task.index, job.episode}] = writer;
  }
  return [this, file, writer](const Environment& environment) {
    try {
      const std::vector<Image>& frames = environment.frames();
      if (*writer == nullptr) {
        int width = 0;
        for (const Image& frame : frames) width += frame.width;
        *writer = std::make_unique<VideoWriter>(file, width, frames.front().height);
      }
      (*writer)->Add(frames);
    } catch (...) {
      Fail(std::current_exception());
    }
  };
}

void RunVideos::Finish(const EpisodeRecord& record) {
  std::shared_ptr<std::unique_ptr<VideoWriter>> writer;
  {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find({record.task, record.episode});
    if (found == open_.end()) return;
    writer = std::move(found->second);
    open_.erase(found);
  }
  // an episode that failed before its first frame has none
  if (*writer != nullptr) (*writer)->Finish();
}

void RunVideos::Check() const {
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
}

void RunVideos::Fail(std::exception_ptr failure) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = std::move(failure);
  stop_ = true;
}

std::vector<std::string> VideoFiles(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".mp4") names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace vega
