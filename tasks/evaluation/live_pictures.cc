// One small safetensors file a worker.

#include "tasks/evaluation/live_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>

#include "sim/base/error.h"
#include "sim/base/safetensors.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

constexpr auto kPeriod = std::chrono::milliseconds(1000);  // of a worker's pictures
constexpr auto kInterest = std::chrono::seconds(10);       // how long asking once holds

fs::path Folder(const fs::path& run) { return run / "live"; }

bool Watched(const fs::path& folder) {
  std::error_code error;
  const auto asked = fs::last_write_time(folder / "watched", error);
  return !error && fs::file_time_type::clock::now() - asked < kInterest;
}

int Number(const SafetensorsFile& file, const char* key) {
  const auto found = file.metadata().find(key);
  return found == file.metadata().end() ? 0 : std::atoi(found->second.c_str());
}

LivePicture Read(const fs::path& path) {
  const SafetensorsFile file = SafetensorsFile::Open(path);
  LivePicture picture{.worker = Number(file, "worker"),
                      .task_index = Number(file, "task"),
                      .episode = Number(file, "episode"),
                      .step = Number(file, "step"),
                      .time = fs::last_write_time(path).time_since_epoch().count()};
  if (const auto name = file.metadata().find("task_name"); name != file.metadata().end()) {
    picture.task = name->second;
  }
  for (const auto& [name, tensor] : file.tensors()) {
    if (tensor.dtype != DType::kU8 || tensor.shape.size() != 3 || tensor.shape[2] != 3) continue;
    const auto* bytes = reinterpret_cast<const uint8_t*>(tensor.bytes.data());
    picture.cameras.push_back({static_cast<int>(tensor.shape[0]),
                               static_cast<int>(tensor.shape[1]),
                               {bytes, bytes + tensor.bytes.size()}});
  }
  return picture;
}

}  // namespace

LivePictures::LivePictures(fs::path run) : folder_(Folder(run)) {}

LivePictures::~LivePictures() {
  std::error_code error;
  fs::remove_all(folder_, error);
}

void LivePictures::Offer(int worker, const EpisodeJob& job, int step,
                         const Environment& environment) {
  if (environment.frames().empty()) return;
  using Milliseconds = std::chrono::milliseconds;
  const int64_t now =
      std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count();
  std::atomic<int64_t>& due = due_[static_cast<size_t>(worker) % due_.size()];
  if (now < due.load(std::memory_order_relaxed)) return;
  due = now + kPeriod.count();
  if (!Watched(folder_)) return;
  SafetensorsWriter writer;
  const auto& frames = environment.frames();
  for (size_t i = 0; i < frames.size(); ++i) {
    writer.Add(fmt::format("camera_{}", i), {frames[i].height, frames[i].width, 3},
               frames[i].pixels);
  }
  writer.SetMetadata("worker", std::to_string(worker));
  writer.SetMetadata("task", std::to_string(job.task.index));
  writer.SetMetadata("task_name", job.task.name);
  writer.SetMetadata("episode", std::to_string(job.episode));
  writer.SetMetadata("step", std::to_string(step));
  try {
    writer.Write(folder_ / fmt::format("worker_{}.safetensors", worker));
  } catch (const Error&) {
    // a picture is no reason to end a run
  }
}

void AskForLivePictures(const fs::path& run) {
  std::error_code error;
  fs::create_directories(Folder(run), error);
  if (!error) std::ofstream(Folder(run) / "watched") << '\n';
}

std::vector<LivePicture> ReadLivePictures(const fs::path& run) {
  std::vector<LivePicture> pictures;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(Folder(run), error)) {
    if (entry.path().extension() != ".safetensors") continue;
    try {
      pictures.push_back(Read(entry.path()));
    } catch (const std::exception&) {
      // it was replaced or removed meanwhile
    }
  }
  std::sort(pictures.begin(), pictures.end(),
            [](const LivePicture& a, const LivePicture& b) { return a.worker < b.worker; });
  return pictures;
}

}  // namespace vega
