#include "tasks/dataset/lerobot_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "tasks/dataset/image_statistics.h"
#include "tasks/dataset/parquet.h"
#include "tasks/dataset/statistics.h"
#include "tasks/evaluation/video.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr int kFilesAChunk = 1000;
constexpr int kKeyFrameEvery = 2;  // frames, so that any is decoded from at most one other
constexpr int64_t kRowBytes = 4 * (kProprioSize + 7) + 4 + 4 * 8;  // of the data table
constexpr int64_t kAtOnce = 32;                                    // pictures read at once

const std::vector<std::string> kStateNames = {"x",  "y",  "z",        "rx",
                                              "ry", "rz", "finger_1", "finger_2"};
const std::vector<std::string> kActionNames = {"dx", "dy", "dz", "drx", "dry", "drz", "gripper"};

// where file number `index` of a kind lies
struct Place {
  int64_t chunk = 0, file = 0;
  explicit Place(int64_t index) : chunk(index / kFilesAChunk), file(index % kFilesAChunk) {}
  std::string path() const { return fmt::format("chunk-{:03}/file-{:03}", chunk, file); }
};

std::string VideoKey(const std::string& camera) {
  if (camera == "agentview") return "observation.images.image";
  if (camera == "robot0_eye_in_hand") return "observation.images.image2";
  return "observation.images." + camera;
}

// what the hub's tools keep of a column: [min ...] of an episode or of all
const std::pair<const char*, std::vector<double> ColumnStatistics::*> kStatistics[] = {
    {"min", &ColumnStatistics::min},   {"max", &ColumnStatistics::max},
    {"mean", &ColumnStatistics::mean}, {"std", &ColumnStatistics::std},
    {"q01", &ColumnStatistics::q01},   {"q10", &ColumnStatistics::q10},
    {"q50", &ColumnStatistics::q50},   {"q90", &ColumnStatistics::q90},
    {"q99", &ColumnStatistics::q99}};

Json ToJson(const ColumnStatistics& s, bool image) {
  Json json;
  for (const auto& [name, member] : kStatistics) {
    json[name] = Json::array();
    for (const double value : s.*member) {
      json[name].push_back(image ? Json::array({Json::array({value})}) : Json(value));
    }
  }
  json["count"] = {s.count};
  return json;
}

void WriteJson(const fs::path& path, const Json& json) {
  fs::create_directories(path.parent_path());
  AtomicFile file(path);
  file.Write(json.dump(4) + "\n");
  file.Commit();
}

// The rows of the data tables, split into files.
class DataFiles {
 public:
  DataFiles(fs::path folder, int64_t limit) : folder_(std::move(folder)), limit_(limit) {}

  // file the next rows go to; a new one where this one is full
  Place Next() {
    if (static_cast<int64_t>(index_.size()) * kRowBytes > limit_) Close();
    return Place(files_);
  }

  void Add(int64_t episode, int64_t frame, int64_t task, int fps, std::span<const double> state,
           const Action& action) {
    state_.insert(state_.end(), state.begin(), state.end());
    action_.insert(action_.end(), action.begin(), action.end());
    timestamp_.push_back(static_cast<float>(static_cast<double>(frame) / fps));
    frame_.push_back(frame);
    episode_.push_back(episode);
    index_.push_back(total_++);
    task_.push_back(task);
  }

  int64_t total() const { return total_; }

  void Close() {
    if (index_.empty()) return;
    const fs::path path = folder_ / "data" / (Place(files_).path() + ".parquet");
    fs::create_directories(path.parent_path());
    WriteParquet(
        {.columns = {{"observation.state", FloatRowColumn{kProprioSize, std::exchange(state_, {})}},
                     {"action", FloatRowColumn{7, std::exchange(action_, {})}},
                     {"timestamp", std::exchange(timestamp_, {})},
                     {"frame_index", std::exchange(frame_, {})},
                     {"episode_index", std::exchange(episode_, {})},
                     {"index", std::exchange(index_, {})},
                     {"task_index", std::exchange(task_, {})}},
         .metadata = {}},
        path);
    ++files_;
  }

 private:
  fs::path folder_;
  int64_t limit_;  // bytes
  int64_t files_ = 0, total_ = 0;
  std::vector<float> state_, action_;
  FloatColumn timestamp_;
  IntegerColumn frame_, episode_, index_, task_;
};

// One camera's videos: episodes one after another, split into files.
class VideoFiles {
 public:
  VideoFiles(fs::path folder, int size, int fps, int crf, int64_t limit)
      : folder_(std::move(folder)), size_(size), fps_(fps), crf_(crf), limit_(limit) {}

  Place Next() {
    if (video_ && video_->bytes_written() > limit_) Close();
    if (!video_) {
      const fs::path path = folder_ / (Place(files_).path() + ".mp4");
      fs::create_directories(path.parent_path());
      video_ = std::make_unique<VideoWriter>(
          path, size_, size_,
          VideoOptions{.frames_per_second = fps_, .crf = crf_, .gop = kKeyFrameEvery});
      codec_ = video_->codec();
    }
    return Place(files_);
  }
  void Add(const Image& image) { video_->Add({&image, 1}); }
  double seconds() const { return static_cast<double>(video_->frames()) / fps_; }
  const std::string& codec() const { return codec_; }

  void Close() {
    if (!video_) return;
    video_->Finish();
    video_.reset();
    ++files_;
  }

 private:
  fs::path folder_;
  int size_, fps_, crf_;
  int64_t limit_;  // bytes
  int64_t files_ = 0;
  std::string codec_;
  std::unique_ptr<VideoWriter> video_;
};

// meta/episodes: one row an episode.
class EpisodeTable {
 public:
  void AddInteger(const std::string& name, int64_t value) { integers_[name].push_back(value); }
  void AddSeconds(const std::string& name, double value) { seconds_[name].push_back(value); }
  void AddTask(const std::string& task) { tasks_.push_back({task}); }
  void AddStatistics(const std::string& feature, const ColumnStatistics& s, bool image) {
    for (const auto& [name, member] : kStatistics) {
      DoubleListColumn& column = statistics_["stats/" + feature + "/" + name];
      column.boxed = image;
      column.rows.push_back(s.*member);
    }
    counts_["stats/" + feature + "/count"].push_back(s.count);
  }

  void Write(const fs::path& folder) {
    ParquetTable table;
    table.columns.push_back({"episode_index", integers_.extract("episode_index").mapped()});
    table.columns.push_back({"tasks", tasks_});
    for (auto& [name, values] : integers_) table.columns.push_back({name, std::move(values)});
    for (auto& [name, values] : seconds_) table.columns.push_back({name, std::move(values)});
    for (auto& [name, values] : statistics_) table.columns.push_back({name, std::move(values)});
    for (auto& [name, values] : counts_) {
      DoubleListColumn lists;
      for (const int64_t count : values) lists.rows.push_back({static_cast<double>(count)});
      table.columns.push_back({name, std::move(lists)});
    }
    const fs::path path = folder / "meta/episodes" / (Place(0).path() + ".parquet");
    fs::create_directories(path.parent_path());
    WriteParquet(table, path);
  }

 private:
  std::map<std::string, IntegerColumn> integers_, counts_;
  std::map<std::string, DoubleColumn> seconds_;
  std::map<std::string, DoubleListColumn> statistics_;
  TextListColumn tasks_;
};

// pandas reads the text as the table's index by this metadata
void WriteTasks(const fs::path& folder, const std::vector<std::string>& tasks) {
  IntegerColumn indices;
  for (size_t i = 0; i < tasks.size(); ++i) indices.push_back(static_cast<int64_t>(i));
  const auto column = [](const char* name, const char* type, const char* numpy) {
    return Json{{"name", name},
                {"field_name", name},
                {"pandas_type", type},
                {"numpy_type", numpy},
                {"metadata", nullptr}};
  };
  const Json pandas = {
      {"index_columns", {"task"}},
      {"column_indexes", Json::array()},
      {"columns", {column("task_index", "int64", "int64"), column("task", "unicode", "object")}},
      {"creator", {{"library", "vega"}, {"version", "1"}}},
      {"pandas_version", "2.0.0"}};
  fs::create_directories(folder / "meta");
  WriteParquet({.columns = {{"task_index", indices}, {"task", tasks}},
                .metadata = {{"pandas", pandas.dump()}}},
               folder / "meta/tasks.parquet");
}

// One export, from the first episode to the last file.
class Export {
 public:
  Export(const Hdf5Reader& reader, fs::path folder, const LerobotOptions& options)
      : reader_(reader),
        folder_(std::move(folder)),
        options_(options),
        fps_(reader.contract().control_hz),
        data_(folder_, options.file_megabytes << 20) {
    for (const std::string& camera : reader.contract().cameras) {
      videos_.push_back(std::make_unique<VideoFiles>(
          folder_ / "videos" / VideoKey(camera), reader.contract().image_size, fps_,
          options.video_crf, options.video_megabytes << 20));
    }
    image_statistics_.resize(videos_.size());
  }

  void Run() {
    for (size_t i = 0; i < reader_.demos().size(); ++i) {
      AddEpisode(i);
      if (options_.progress) options_.progress(i + 1, reader_.demos().size());
    }
    data_.Close();
    for (const auto& video : videos_) video->Close();
    episodes_.Write(folder_);
    WriteTasks(folder_, tasks_);
    WriteJson(folder_ / "meta/stats.json", Statistics());
    WriteJson(folder_ / "meta/info.json", Info());
  }

 private:
  int64_t TaskIndex(const std::string& instruction) {
    const auto found = std::find(tasks_.begin(), tasks_.end(), instruction);
    if (found != tasks_.end()) return found - tasks_.begin();
    tasks_.push_back(instruction);
    return static_cast<int64_t>(tasks_.size()) - 1;
  }

  // numbers of the columns every LeRobot table has
  void AddIndexStatistics(int64_t episode, int64_t steps, int64_t task) {
    std::vector<double> timestamps, frames, indices;
    for (int64_t t = 0; t < steps; ++t) {
      timestamps.push_back(static_cast<double>(t) / fps_);
      frames.push_back(static_cast<double>(t));
      indices.push_back(static_cast<double>(data_.total() - steps + t));
    }
    Note("timestamp", timestamps, 1);
    Note("frame_index", frames, 1);
    Note("episode_index", std::vector<double>(steps, static_cast<double>(episode)), 1);
    Note("index", indices, 1);
    Note("task_index", std::vector<double>(steps, static_cast<double>(task)), 1);
  }

  void Note(const std::string& feature, const std::vector<double>& values, int64_t width) {
    episodes_.AddStatistics(feature, Columns(values, width), false);
    auto& [all, columns] = values_[feature];
    all.insert(all.end(), values.begin(), values.end());
    columns = width;
  }

  void AddEpisode(size_t i) {
    const DemoInfo& demo = reader_.demos()[i];
    const auto episode = static_cast<int64_t>(i);
    const int64_t task = TaskIndex(demo.instruction);
    const std::vector<double> proprio = ProprioRows(reader_, i, 0, demo.steps);
    const std::vector<Action> actions = reader_.Labels(i, 0, demo.steps);
    const Place data = data_.Next();
    episodes_.AddInteger("episode_index", episode);
    episodes_.AddTask(demo.instruction);
    episodes_.AddInteger("length", demo.steps);
    episodes_.AddInteger("data/chunk_index", data.chunk);
    episodes_.AddInteger("data/file_index", data.file);
    episodes_.AddInteger("meta/episodes/chunk_index", 0);
    episodes_.AddInteger("meta/episodes/file_index", 0);
    episodes_.AddInteger("dataset_from_index", data_.total());
    episodes_.AddInteger("dataset_to_index", data_.total() + demo.steps);
    std::vector<double> acted;
    for (int64_t t = 0; t < demo.steps; ++t) {
      data_.Add(episode, t, task, fps_, std::span(proprio).subspan(t * kProprioSize, kProprioSize),
                actions[t]);
      acted.insert(acted.end(), actions[t].begin(), actions[t].end());
    }
    Note("observation.state", proprio, kProprioSize);
    Note("action", acted, 7);
    AddIndexStatistics(episode, demo.steps, task);
    for (size_t camera = 0; camera < videos_.size(); ++camera) AddVideo(i, camera);
  }

  void AddVideo(size_t demo, size_t camera) {
    const std::string& name = reader_.contract().cameras[camera];
    const std::string key = "videos/" + VideoKey(name);
    VideoFiles& video = *videos_[camera];
    const Place place = video.Next();
    const int64_t steps = reader_.demos()[demo].steps;
    episodes_.AddInteger(key + "/chunk_index", place.chunk);
    episodes_.AddInteger(key + "/file_index", place.file);
    episodes_.AddSeconds(key + "/from_timestamp", video.seconds());
    ImageStatistics statistics;
    for (int64_t t = 0; t < steps; t += kAtOnce) {
      for (const Image& frame : reader_.Frames(demo, name, t, std::min(kAtOnce, steps - t))) {
        video.Add(frame);
        statistics.Add(frame);
      }
    }
    episodes_.AddSeconds(key + "/to_timestamp", video.seconds());
    episodes_.AddStatistics(VideoKey(name), statistics.Channels(), true);
    image_statistics_[camera].Add(statistics);
  }

  Json Statistics() const {
    Json json;
    for (const auto& [feature, values] : values_) {
      json[feature] = ToJson(Columns(values.first, values.second), false);
    }
    for (size_t camera = 0; camera < videos_.size(); ++camera) {
      json[VideoKey(reader_.contract().cameras[camera])] =
          ToJson(image_statistics_[camera].Channels(), true);
    }
    return json;
  }

  Json Features() const {
    const int size = reader_.contract().image_size;
    Json features;
    for (size_t camera = 0; camera < videos_.size(); ++camera) {
      features[VideoKey(reader_.contract().cameras[camera])] = {
          {"dtype", "video"},
          {"shape", {size, size, 3}},
          {"names", {"height", "width", "channels"}},
          {"info",
           {{"video.height", size},
            {"video.width", size},
            {"video.codec", videos_[camera]->codec()},
            {"video.pix_fmt", "yuv420p"},
            {"video.is_depth_map", false},
            {"video.fps", fps_},
            {"video.channels", 3},
            {"has_audio", false}}}};
    }
    features["observation.state"] = {
        {"dtype", "float32"}, {"shape", {kProprioSize}}, {"names", kStateNames}};
    features["action"] = {{"dtype", "float32"}, {"shape", {7}}, {"names", kActionNames}};
    features["timestamp"] = {{"dtype", "float32"}, {"shape", {1}}, {"names", nullptr}};
    for (const char* name : {"frame_index", "episode_index", "index", "task_index"}) {
      features[name] = {{"dtype", "int64"}, {"shape", {1}}, {"names", nullptr}};
    }
    return features;
  }

  Json Info() const {
    const size_t episodes = reader_.demos().size();
    DatasetContract contract = reader_.contract();
    contract.conventions = {};  // what the reader hands out
    return {{"codebase_version", "v3.0"},
            {"robot_type", options_.robot_type},
            {"total_episodes", episodes},
            {"total_frames", data_.total()},
            {"total_tasks", tasks_.size()},
            {"chunks_size", kFilesAChunk},
            {"data_files_size_in_mb", options_.file_megabytes},
            {"video_files_size_in_mb", options_.video_megabytes},
            {"fps", fps_},
            {"splits", {{"train", fmt::format("0:{}", episodes)}}},
            {"data_path", "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"},
            {"video_path", "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"},
            {"features", Features()},
            {"vega_contract", ToJson(contract)}};
  }

  const Hdf5Reader& reader_;
  fs::path folder_;
  const LerobotOptions& options_;
  int fps_;
  DataFiles data_;
  std::vector<std::unique_ptr<VideoFiles>> videos_;  // one a camera
  EpisodeTable episodes_;
  std::vector<std::string> tasks_;  // instructions, by task_index
  std::map<std::string, std::pair<std::vector<double>, int64_t>> values_;  // and their width
  std::vector<ImageStatistics> image_statistics_;                          // one a camera
};

}  // namespace

void ExportLerobot(const Hdf5Reader& reader, const fs::path& out, const LerobotOptions& options) {
  const bool taken = fs::is_directory(out) ? !fs::is_empty(out) : fs::exists(out);
  if (taken) throw Error(out.string() + " is there already", "choose another --out");
  if (reader.contract().cameras.empty()) {
    throw Error(reader.file().string() + " has no pictures, and LeRobot's policies need them",
                "collect with --image 128; vega dataset pack draws them from the states");
  }
  if (!reader.contract().taken_over_from.empty()) {
    throw Error(fmt::format("{} holds what {} did before it was taken over, and LeRobot's policies "
                            "would learn it",
                            reader.file().string(), reader.contract().taken_over_from),
                "vega dataset pack takes the demonstrator's steps alone");
  }
  fs::path plain = out;
  if (plain.filename().empty()) plain = plain.parent_path();
  const fs::path aside = plain.string() + ".part";
  std::error_code error;
  fs::remove_all(aside, error);  // of an export that was killed
  fs::create_directories(aside, error);
  if (error) {
    throw Error(fmt::format("cannot make the folder {}: {}", aside.string(), error.message()),
                "choose an --out you can write to");
  }
  try {
    Export(reader, aside, options).Run();
    fs::remove(plain, error);  // an empty folder
    fs::rename(aside, plain);
  } catch (const std::exception&) {
    fs::remove_all(aside, error);
    throw;
  }
}

}  // namespace vega
