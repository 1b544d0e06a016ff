// Reading a growing file of lines.

#include "viewer/run_watch.h"

#include <fstream>

#include "sim/base/error.h"

namespace vega {
namespace {

constexpr std::chrono::milliseconds kPeriod{500};

nlohmann::json ReadManifest(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "manifest.json";
  std::ifstream in(file);
  if (!in) throw Error(folder.string() + " is not the folder of a run", "it has no manifest.json");
  nlohmann::json manifest = nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false);
  if (!manifest.is_object() || !manifest.contains("config") || !manifest["config"].is_object() ||
      !manifest["config"].value("suite", nlohmann::json()).is_string() ||
      !manifest["config"].value("tasks", nlohmann::json::array()).is_array()) {
    throw Error(file.string() + " cannot be read", "was it written by vega eval?");
  }
  return manifest;
}

}  // namespace

void RunWatch::Open(const std::filesystem::path& folder) {
  manifest_ = ReadManifest(folder);
  folder_ = folder;
  read_ = 0;
  records_.clear();
  error_.clear();
  pictures_.clear();
  next_ = {};
  Poll();
}

void RunWatch::Poll() {
  const auto now = std::chrono::steady_clock::now();
  if (!open() || now < next_) return;
  next_ = now + kPeriod;
  const std::filesystem::path file = folder_ / "episodes.jsonl";
  std::error_code missing;
  const uintmax_t size = std::filesystem::file_size(file, missing);
  if (!missing && size > read_) {
    std::ifstream in(file, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(read_));
    try {
      for (std::string line; std::getline(in, line) && !in.eof();) {
        records_.push_back(ParseRecord(line, file.string()));
        read_ += line.size() + 1;
      }
      error_.clear();
    } catch (const Error& error) {
      error_ = error.what();
    }
  }
  summary_ = Summarize(suite(), records_);
  pictures_.clear();
  if (static_cast<int>(records_.size()) >= planned()) return;
  AskForLivePictures(folder_);
  pictures_ = ReadLivePictures(folder_);
}

std::vector<int> RunWatch::tasks() const {
  std::vector<int> tasks;
  for (const auto& task : manifest_["config"].value("tasks", nlohmann::json::array())) {
    if (task.is_number_integer()) tasks.push_back(task);
  }
  return tasks;
}

int RunWatch::planned() const {
  return static_cast<int>(tasks().size()) * manifest_["config"].value("episodes", 0);
}

}  // namespace vega
