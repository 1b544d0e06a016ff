// Whole runs of the binary on a LIBERO task: same results twice, killed and resumed, interrupted,
// disk full.

#include <signal.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "tests/apps/run_binary.h"

namespace vega {
namespace {

using Catch::Contains;
using Json = nlohmann::json;

const std::string kEval =
    "eval --suite libero_object --tasks 0-1 --episodes 3 --max-steps 5 --policy random";

int Lines(const std::string& text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

// the records by task and episode, less what may differ between two runs: the time they took
std::map<std::pair<int, int>, Json> Episodes(const std::filesystem::path& run) {
  std::map<std::pair<int, int>, Json> episodes;
  std::istringstream lines(ReadText(run / "episodes.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    Json record = Json::parse(line);
    record.erase("wall_s");
    record.erase("stage_ms");
    const std::pair<int, int> key = {record["task"], record["episode"]};
    CHECK(episodes.emplace(key, std::move(record)).second);
  }
  return episodes;
}

// waits until a run has written `lines` episodes
void AwaitEpisodes(const std::filesystem::path& run, int lines) {
  for (int i = 0; i < 3000 && Lines(ReadText(run / "episodes.jsonl")) < lines; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

TEST_CASE("a run leaves a manifest, records, a summary and a report") {
  const ScratchFolder folder;
  const auto run = folder / "run";
  const Output output = RunVega(kEval + " --out " + run.string());
  CHECK(output.code == 0);
  CHECK_THAT(output.out, Contains("95 % interval") && Contains("report.html"));
  const Json manifest = Json::parse(ReadText(run / "manifest.json"));
  CHECK(manifest["config"]["suite"] == "libero_object");
  CHECK(manifest["policy"]["weights"] == "none");
  CHECK(manifest["versions"]["mujoco"] == "3.3.2");
  const Json summary = Json::parse(ReadText(run / "summary.json"));
  CHECK(summary["tasks"].size() == 2);
  CHECK(summary["n"] == 6);
  CHECK(summary["errors"] == 0);
  CHECK_THAT(ReadText(run / "report.html"), Contains("</html>"));
}

TEST_CASE("two runs and any number of workers end in the same states") {
  const ScratchFolder folder;
  for (const std::string name : {"one", "again"}) {
    CHECK(RunVega(kEval + " --workers 1 --out " + (folder / name).string()).code == 0);
  }
  CHECK(RunVega(kEval + " --workers 2 --out " + (folder / "two").string()).code == 0);
  const auto one = Episodes(folder / "one");
  CHECK(one.size() == 6);
  CHECK(one == Episodes(folder / "again"));
  CHECK(one == Episodes(folder / "two"));
}

TEST_CASE("a run killed in the middle and resumed has the episodes of one that was not") {
  const ScratchFolder folder;
  const auto run = folder / "run";
  const std::string eval = kEval + " --workers 1 --out ";
  const int pid = StartVega(eval + run.string());
  AwaitEpisodes(run, 2);
  kill(pid, SIGKILL);
  CHECK(WaitFor(pid) == 128 + SIGKILL);
  CHECK_FALSE(std::filesystem::exists(run / "summary.json"));
  CHECK(Lines(ReadText(run / "episodes.jsonl")) < 6);
  CHECK(RunVega(eval + run.string() + " --resume").code == 0);
  CHECK(RunVega(eval + (folder / "whole").string()).code == 0);
  CHECK(Episodes(run) == Episodes(folder / "whole"));
  // nothing is left to do, and saying so is a success
  CHECK(RunVega(eval + run.string() + " --resume").code == 0);
  CHECK_THAT(RunVega(eval + run.string() + " --resume --seed 1").err, Contains("seed is 0, not 1"));
}

TEST_CASE("an interrupted run writes what is done and says how to go on") {
  const ScratchFolder folder;
  const auto run = folder / "run";
  const int pid = StartVega(
      "eval --suite libero_object --tasks 0 --policy hold --workers 1 --out " + run.string());
  AwaitEpisodes(run, 1);
  kill(pid, SIGINT);
  CHECK(WaitFor(pid) == 130);
  const int done = Lines(ReadText(run / "episodes.jsonl"));
  CHECK(done >= 1);
  CHECK(done < 50);
  CHECK(Json::parse(ReadText(run / "summary.json"))["n"] == done);
}

TEST_CASE("a disk that fills up loses no finished episode") {
  const ScratchFolder folder;
  const auto run = folder / "run";
  // files may grow to 2 KiB: the manifest and a few records
  const Output output =
      RunVega(kEval + " --workers 1 --out " + run.string(), "trap \"\" XFSZ; ulimit -f 2;");
  CHECK(output.code == 1);
  CHECK_THAT(output.err, Contains("vega eval: cannot write") && Contains("--resume"));
  const int done = Lines(ReadText(run / "episodes.jsonl"));
  CHECK(done >= 1);
  CHECK(done < 6);
  CHECK(RunVega(kEval + " --workers 1 --resume --out " + run.string()).code == 0);
  CHECK(Episodes(run).size() == 6);
}

TEST_CASE("episodes that end in an error are recorded, and the run fails") {
  // the suites without the robot's files: tasks are known but cannot be loaded
  const ScratchFolder folder;
  const char* home = std::getenv("VEGA_HOME");
  const std::filesystem::path real =
      home ? std::filesystem::path(home)
           : std::filesystem::path(std::getenv("HOME")) / ".cache/vega";
  std::filesystem::create_directories(folder / "home/data");
  for (const auto& entry : std::filesystem::directory_iterator(real / "data")) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("robosuite")) {
      std::filesystem::create_symlink(entry.path(), folder / "home/data" / name);
    }
  }
  const auto run = folder / "run";
  const Output output = RunVega(kEval + " --workers 1 --out " + run.string(),
                                "export VEGA_HOME=" + (folder / "home").string() + ";");
  CHECK(output.code == 1);
  CHECK_THAT(output.err, Contains("vega eval: 6 of 6 episodes ended in an error"));
  const auto episodes = Episodes(run);
  REQUIRE(episodes.size() == 6);
  CHECK(episodes.begin()->second["outcome"] == "error");
  CHECK_THAT(episodes.begin()->second["error"].get<std::string>(), Contains("robosuite"));
  CHECK(Json::parse(ReadText(run / "summary.json"))["errors"] == 6);
}

TEST_CASE("a video is written for each episode") {
  const ScratchFolder folder;
  const auto run = folder / "run";
  const Output output = RunVega(
      "eval --suite libero_object --tasks 0 --episodes 1 --max-steps 2 --policy hold --video "
      "--render 32 --out " +
      run.string());
  CHECK(output.code == 0);
  CHECK_THAT(output.err, Contains("renderer: "));
  CHECK(std::filesystem::exists(run / "videos/task00_episode000.mp4"));
  CHECK_THAT(ReadText(run / "report.html"), Contains("videos/task00_episode000.mp4"));
}

}  // namespace
}  // namespace vega
