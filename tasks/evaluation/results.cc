// Records as JSON lines, and the folder that holds them safely.

#include "tasks/evaluation/results.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <set>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/safetensors.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr char kManifest[] = "manifest.json";
constexpr char kEpisodes[] = "episodes.jsonl";

Outcome ParseOutcome(const std::string& name) {
  for (const Outcome outcome : {Outcome::kSuccess, Outcome::kFailure, Outcome::kError}) {
    if (name == Name(outcome)) return outcome;
  }
  throw Error("unknown outcome '" + name + "'");
}

uint64_t ParseHash(const std::string& digits) {
  uint64_t hash = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, hash, 16);
  if (digits.size() != 16 || parsed.ec != std::errc() || parsed.ptr != end) {
    throw Error("state_hash '" + digits + "' is not 16 hex digits");
  }
  return hash;
}

// readable in a file: three decimals
double Rounded(double value) { return std::round(value * 1000) / 1000; }

// the first key in which two objects differ, as "key is A, not B", or nothing
std::string Difference(const Json& was, const Json& now) {
  for (const auto& [key, value] : now.items()) {
    const Json before = was.contains(key) ? was.at(key) : Json();
    if (before != value) return fmt::format("{} is {}, not {}", key, before.dump(), value.dump());
  }
  return {};
}

}  // namespace

const char* Name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSuccess:
      return "success";
    case Outcome::kFailure:
      return "failure";
    case Outcome::kError:
      return "error";
  }
  return "";
}

Json ToJson(const EpisodeRecord& r) {
  return {{"suite", r.suite},
          {"task", r.task},
          {"task_name", r.task_name},
          {"instruction", r.instruction},
          {"episode", r.episode},
          {"init", r.init},
          {"seed", r.seed},
          {"outcome", Name(r.outcome)},
          {"steps", r.steps},
          {"held", r.held ? Json(*r.held) : Json()},
          {"told", r.told ? Json(*r.told) : Json()},
          {"wall_s", Rounded(r.wall_s)},
          {"stage_ms",
           {{"reset", Rounded(r.ms.reset)},
            {"sim", Rounded(r.ms.sim)},
            {"render", Rounded(r.ms.render)},
            {"policy", Rounded(r.ms.policy)}}},
          {"state_hash", fmt::format("{:016x}", r.state_hash)},
          {"error", r.error.empty() ? Json() : Json(r.error)}};
}

EpisodeRecord ParseRecord(const std::string& line, const std::string& source) {
  try {
    const Json json = Json::parse(line);
    EpisodeRecord r;
    r.suite = json.at("suite");
    r.task = json.at("task");
    r.task_name = json.at("task_name");
    r.instruction = json.at("instruction");
    r.episode = json.at("episode");
    r.init = json.at("init");
    r.seed = json.at("seed");
    r.outcome = ParseOutcome(json.at("outcome"));
    r.steps = json.at("steps");
    if (const Json held = json.value("held", Json()); !held.is_null()) r.held = held.get<bool>();
    if (const Json told = json.value("told", Json()); !told.is_null()) r.told = told.get<bool>();
    r.wall_s = json.at("wall_s");
    const Json& ms = json.at("stage_ms");
    r.ms = {ms.at("reset"), ms.at("sim"), ms.at("render"), ms.at("policy")};
    r.state_hash = ParseHash(json.at("state_hash"));
    if (!json.at("error").is_null()) r.error = json.at("error");
    return r;
  } catch (const std::exception& error) {
    throw Error(fmt::format("{}: not an episode: {}", source, error.what()),
                "delete that line and resume");
  }
}

void SaveActions(const EpisodeRecord& record, const std::vector<Action>& actions,
                 const fs::path& file) {
  std::vector<double> values;
  for (const Action& action : actions) values.insert(values.end(), action.begin(), action.end());
  SafetensorsWriter writer;
  writer.Add("actions", {static_cast<int64_t>(actions.size()), 7}, values);
  writer.SetMetadata("suite", record.suite);
  writer.SetMetadata("task", std::to_string(record.task));
  writer.SetMetadata("task_name", record.task_name);
  writer.SetMetadata("init", std::to_string(record.init));
  writer.Write(file);
}

Json ToJson(const PolicyContract& contract) {
  return {{"cameras", contract.cameras},
          {"image_size", contract.image_size},
          {"clip_length", contract.clip_length},
          {"clip_stride", contract.clip_stride},
          {"chunk_length", contract.chunk_length},
          {"privileged", contract.privileged},
          {"render_quality",
           contract.render_quality ? Json(Name(*contract.render_quality)) : Json("any")},
          {"row_0", "top"}};
}

Json ToJson(const RunConfig& config) {
  return {{"suite", config.suite},
          {"tasks", config.tasks},
          {"episodes", config.episodes},
          {"policy", config.policy},
          {"seed", config.seed},
          {"wait_steps", config.wait_steps},
          {"max_steps", config.max_steps},
          {"hold_steps", config.hold_steps},
          {"exact", config.exact},
          {"render_quality", Name(config.render_quality)},
          {"device", config.device},
          {"stream", config.stream ? Json(*config.stream) : Json()},
          {"open_loop", config.open_loop > 0 ? Json(config.open_loop) : Json()},
          {"shift", config.shift.any() ? Json(ToText(config.shift)) : Json()},
          {"told", config.told.empty() ? Json() : Json(config.told)}};
}

RunFolder::RunFolder(fs::path folder, Json manifest)
    : folder_(std::move(folder)), manifest_(std::move(manifest)) {}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : folder_(std::move(other.folder_)),
      manifest_(std::move(other.manifest_)),
      records_(std::move(other.records_)),
      fd_(std::exchange(other.fd_, -1)) {}

RunFolder::~RunFolder() {
  if (fd_ >= 0) close(fd_);
}

RunFolder RunFolder::Create(const fs::path& folder, Json manifest) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    throw Error(fmt::format("cannot make the folder {}: {}", folder.string(),
                            error ? error.message() : "a file is in the way"),
                "choose another --out");
  }
  const bool empty = fs::is_empty(folder, error);
  if (error) {
    throw Error(fmt::format("{}: {}", folder.string(), error.message()), "choose another --out");
  }
  if (!empty) {
    throw Error(folder.string() + " is not empty",
                "--resume continues a run, or choose another --out");
  }
  RunFolder run(folder, std::move(manifest));
  // in this order a full disk leaves the folder empty, to be used again
  run.WriteManifest();
  run.OpenEpisodes();
  return run;
}

RunFolder RunFolder::Resume(const fs::path& folder, Json manifest) {
  const fs::path file = folder / kManifest;
  if (!fs::exists(file)) {
    throw Error(folder.string() + " holds no run to resume", "check --out, or leave out --resume");
  }
  Json was;
  try {
    was = Json::parse(MappedFile(file).text());
  } catch (const Json::exception&) {
    throw Error(file.string() + " is not valid JSON", "start again in another --out");
  }
  for (const char* section : {"config", "policy"}) {
    const std::string difference =
        Difference(was.value(section, Json::object()), manifest.at(section));
    if (difference.empty()) continue;
    throw Error(fmt::format("{} was run with another {}: {}", folder.string(), section, difference),
                "resume with the flags it was started with, or choose another --out");
  }
  RunFolder run(folder, std::move(was));
  run.OpenEpisodes();
  run.ReadEpisodes();
  return run;
}

void RunFolder::OpenEpisodes() {
  const fs::path file = folder_ / kEpisodes;
  fd_ = open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd_ < 0) {
    throw Error(fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)),
                "choose an --out you can write to");
  }
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    throw Error(folder_.string() + " is being written by another run", "wait for it to end");
  }
}

void RunFolder::ReadEpisodes() {
  const fs::path file = folder_ / kEpisodes;
  std::string text;
  {
    const MappedFile mapped(file);
    text = mapped.text();
  }
  // a line without its end was torn by a kill: its episode is run again
  const size_t whole = text.rfind('\n') + 1;
  if (whole != text.size() && ftruncate(fd_, static_cast<off_t>(whole)) != 0) {
    throw Error(fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
  }
  std::set<std::pair<int, int>> seen;
  int number = 0;
  for (size_t at = 0; at < whole;) {
    const size_t end = text.find('\n', at);
    const std::string where = fmt::format("{}:{}", file.string(), ++number);
    records_.push_back(ParseRecord(text.substr(at, end - at), where));
    if (!seen.emplace(records_.back().task, records_.back().episode).second) {
      throw Error(where + ": the episode is there twice", "delete that line and resume");
    }
    at = end + 1;
  }
}

void RunFolder::WriteManifest() const {
  AtomicFile file(folder_ / kManifest);
  file.Write(manifest_.dump(2) + "\n");
  file.Commit();
}

void RunFolder::Append(const EpisodeRecord& record) {
  const std::string line =
      ToJson(record).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  const off_t before = lseek(fd_, 0, SEEK_END);
  size_t written = 0;
  while (written < line.size()) {
    const ssize_t n = write(fd_, line.data() + written, line.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    written += static_cast<size_t>(n);
  }
  if (written == line.size() && fsync(fd_) == 0) {
    records_.push_back(record);
    return;
  }
  const int error = errno;
  if (ftruncate(fd_, before) != 0) { /* the torn line is dropped by the next resume */
  }
  throw Error(
      fmt::format("cannot write {}: {}", (folder_ / kEpisodes).string(), std::strerror(error)),
      "finished episodes are safe; make room and continue with --resume");
}

}  // namespace vega
