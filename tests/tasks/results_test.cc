#include "tasks/evaluation/results.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "sim/base/error.h"
#include "tasks/evaluation/report.h"
#include "tasks/evaluation/summary.h"

namespace vega {
namespace {

using Catch::Contains;
using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

// a folder of its own, removed at the end
struct TemporaryFolder {
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "vega_results_XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { fs::remove_all(path); }
  fs::path path;
};

Json Manifest(uint64_t seed = 0) {
  const RunConfig config{
      .suite = "libero_goal", .tasks = {0, 1}, .episodes = 2, .policy = "hold", .seed = seed};
  return {{"config", ToJson(config)},
          {"policy", {{"name", "hold"}, {"contract", ToJson(PolicyContract())}}}};
}

EpisodeRecord Record(int task, int episode, Outcome outcome = Outcome::kSuccess) {
  return {.suite = "libero_goal",
          .task = task,
          .task_name = "open_the_drawer",
          .instruction = "open the \"drawer\" <now>",
          .episode = episode,
          .init = episode,
          .seed = 7,
          .outcome = outcome,
          .steps = 12,
          .wall_s = 1.5,
          .ms = {1, 2, 3, 4},
          .state_hash = 0x00ab,
          .error = outcome == Outcome::kError ? "line one\nline two" : ""};
}

std::string Read(const fs::path& file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

TEST_CASE("an episode is one line with the agreed keys") {
  const std::string line = ToJson(Record(3, 1, Outcome::kError)).dump();
  CHECK(line.find('\n') == std::string::npos);
  const Json json = Json::parse(line);
  for (const char* key : {"suite", "task", "task_name", "instruction", "init", "seed", "outcome",
                          "steps", "wall_s", "stage_ms", "state_hash", "error"}) {
    CHECK(json.contains(key));
  }
  CHECK(json["state_hash"] == "00000000000000ab");
  CHECK(json["outcome"] == "error");
  CHECK(ToJson(Record(3, 1))["error"].is_null());
  CHECK(ToJson(ParseRecord(line, "here")).dump() == line);
}

TEST_CASE("a line that is no episode is refused with its place") {
  CHECK_THROWS_WITH(ParseRecord("{\"suite\": 1}", "episodes.jsonl:4"),
                    Contains("episodes.jsonl:4: not an episode"));
  Json json = ToJson(Record(0, 0));
  json["state_hash"] = "xyz";
  CHECK_THROWS_AS(ParseRecord(json.dump(), "here"), Error);
  json["state_hash"] = "00000000000000ab";
  json["outcome"] = "perhaps";
  CHECK_THROWS_AS(ParseRecord(json.dump(), "here"), Error);
}

TEST_CASE("each finished episode is a whole line on disk at once") {
  const TemporaryFolder folder;
  RunFolder run = RunFolder::Create(folder.path / "run", Manifest());
  run.Append(Record(0, 0));
  CHECK(Read(folder.path / "run/episodes.jsonl") == ToJson(Record(0, 0)).dump() + "\n");
  run.Append(Record(0, 1));
  CHECK(run.records().size() == 2);
  CHECK(Json::parse(Read(folder.path / "run/manifest.json")) == Manifest());
}

TEST_CASE("a resumed run drops a torn last line and keeps the others") {
  const TemporaryFolder folder;
  const fs::path file = folder.path / "run/episodes.jsonl";
  {
    RunFolder run = RunFolder::Create(folder.path / "run", Manifest());
    run.Append(Record(0, 0));
    run.Append(Record(0, 1));
  }
  fs::resize_file(file, fs::file_size(file) - 20);
  RunFolder run = RunFolder::Resume(folder.path / "run", Manifest());
  REQUIRE(run.records().size() == 1);
  CHECK(run.records()[0].episode == 0);
  run.Append(Record(1, 0));
  CHECK(Read(file) == ToJson(Record(0, 0)).dump() + "\n" + ToJson(Record(1, 0)).dump() + "\n");
}

TEST_CASE("a run is resumed only with the configuration it was started with") {
  const TemporaryFolder folder;
  RunFolder::Create(folder.path / "run", Manifest());
  CHECK_THROWS_WITH(RunFolder::Resume(folder.path / "run", Manifest(5)),
                    Contains("seed is 0, not 5"));
  Json other = Manifest();
  other["policy"]["contract"]["image_size"] = 64;
  CHECK_THROWS_WITH(RunFolder::Resume(folder.path / "run", other), Contains("contract"));
  CHECK_THROWS_WITH(RunFolder::Resume(folder.path, Manifest()), Contains("holds no run"));
}

TEST_CASE("an episode that is there twice is refused") {
  const TemporaryFolder folder;
  {
    RunFolder run = RunFolder::Create(folder.path / "run", Manifest());
    run.Append(Record(0, 0));
    run.Append(Record(0, 0));
  }
  CHECK_THROWS_WITH(RunFolder::Resume(folder.path / "run", Manifest()),
                    Contains("episodes.jsonl:2") && Contains("twice"));
}

TEST_CASE("a folder that holds something or cannot be made is refused") {
  const TemporaryFolder folder;
  std::ofstream(folder.path / "notes.txt") << "mine";
  CHECK_THROWS_WITH(RunFolder::Create(folder.path, Manifest()), Contains("is not empty"));
  CHECK_THROWS_WITH(RunFolder::Create(folder.path / "notes.txt/run", Manifest()),
                    Contains("notes.txt/run"));
}

TEST_CASE("a run has one writer") {
  const TemporaryFolder folder;
  const RunFolder run = RunFolder::Create(folder.path / "run", Manifest());
  CHECK_THROWS_WITH(RunFolder::Resume(folder.path / "run", Manifest()), Contains("another run"));
}

TEST_CASE("Wilson intervals equal published values") {
  // statsmodels.stats.proportion.proportion_confint(k, n, method="wilson")
  CHECK(WilsonInterval(5, 10).low == Approx(0.236593).margin(1e-6));
  CHECK(WilsonInterval(5, 10).high == Approx(0.763407).margin(1e-6));
  CHECK(WilsonInterval(0, 50).low == 0);
  CHECK(WilsonInterval(0, 50).high == Approx(0.071348).margin(1e-6));
  CHECK(WilsonInterval(50, 50).low == Approx(0.928652).margin(1e-6));
  CHECK(WilsonInterval(50, 50).high == 1);
  CHECK(WilsonInterval(0, 0).low == 0);
  CHECK(WilsonInterval(0, 0).high == 1);
}

TEST_CASE("an error counts as an episode that was not solved") {
  const Summary summary =
      Summarize("libero_goal", {Record(1, 0), Record(0, 0), Record(0, 1, Outcome::kError),
                                Record(0, 2, Outcome::kFailure), Record(0, 3)});
  REQUIRE(summary.tasks.size() == 2);
  CHECK(summary.tasks[0].task == 0);
  CHECK(summary.tasks[0].score.n == 4);
  CHECK(summary.tasks[0].score.rate() == 0.5);
  CHECK(summary.tasks[0].score.errors == 1);
  CHECK(summary.total.rate() == Approx(0.6));
  const Json json = ToJson(summary);
  CHECK(json["tasks"][0]["n"] == 4);
  CHECK(json["success_rate"] == 0.6);
  CHECK(json["wilson_95"].size() == 2);
  CHECK_THAT(Table(summary), Contains("60.0 %"));
}

TEST_CASE("the report is one page that holds errors escaped and loads nothing") {
  const std::vector<EpisodeRecord> records = {Record(0, 0), Record(0, 1, Outcome::kError)};
  Json manifest = Manifest();
  manifest["command"] = "./vega eval --suite libero_goal --policy hold";
  const std::string html = ReportHtml(manifest, Summarize("libero_goal", records), records, {});
  CHECK_THAT(html, Contains("&lt;now&gt;") && !Contains("<now>"));
  CHECK_THAT(html, Contains("line one"));
  CHECK_THAT(html, Contains("./vega eval --suite libero_goal"));
  CHECK_THAT(html, !Contains("http") && !Contains("<script"));
}

}  // namespace
}  // namespace vega
