// Counts records into scores; prints them as JSON and as a table.

#include "tasks/evaluation/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace vega {
namespace {

using Json = nlohmann::ordered_json;

void Count(const EpisodeRecord& record, Score& score) {
  ++score.n;
  score.successes += record.outcome == Outcome::kSuccess;
  score.errors += record.outcome == Outcome::kError;
  score.judged += record.held.has_value();
  score.held += record.held.value_or(false);
  score.told += record.told.has_value();
  score.obeyed += record.told.value_or(false);
}

void Put(const Score& score, Json& json) {
  json["n"] = score.n;
  json["successes"] = score.successes;
  json["success_rate"] = score.rate();
  json["wilson_95"] = {score.interval().low, score.interval().high};
  json["errors"] = score.errors;
  if (score.judged > 0) json["held_rate"] = static_cast<double>(score.held) / score.judged;
  if (score.told > 0) json["obeyed_rate"] = static_cast<double>(score.obeyed) / score.told;
}

std::string Row(const std::string& index, const std::string& name, const Score& score) {
  const Interval interval = score.interval();
  const std::string held = score.judged > 0 ? fmt::format("{}/{}", score.held, score.judged) : "-";
  return fmt::format("{:>4}  {:>7}  {:>4}  {:>6.1f} %  {:>5.1f} - {:>5.1f} %  {:>6}  {:>7}  {}\n",
                     index, score.successes, score.n, 100 * score.rate(), 100 * interval.low,
                     100 * interval.high, score.errors, held, name);
}

}  // namespace

Summary Summarize(const std::string& suite, const std::vector<EpisodeRecord>& records) {
  Summary summary{.suite = suite};
  std::map<int, TaskScore> tasks;
  for (const EpisodeRecord& record : records) {
    TaskScore& task = tasks[record.task];
    task.task = record.task;
    task.name = record.task_name;
    task.instruction = record.instruction;
    Count(record, task.score);
    Count(record, summary.total);
  }
  for (auto& [index, task] : tasks) summary.tasks.push_back(std::move(task));
  return summary;
}

Json ToJson(const Summary& summary) {
  Json json = {{"suite", summary.suite}};
  Put(summary.total, json);
  json["tasks"] = Json::array();
  for (const TaskScore& task : summary.tasks) {
    Json entry = {{"task", task.task}, {"task_name", task.name}, {"instruction", task.instruction}};
    Put(task.score, entry);
    json["tasks"].push_back(std::move(entry));
  }
  return json;
}

std::string Table(const Summary& summary) {
  std::string table =
      fmt::format("{:>4}  {:>7}  {:>4}  {:>8}  {:>15}  {:>6}  {:>7}  {}\n", "task", "success", "n",
                  "rate", "95 % interval", "errors", "held", "instruction");
  for (const TaskScore& task : summary.tasks) {
    table += Row(std::to_string(task.task), task.instruction, task.score);
  }
  table += Row("all", summary.suite, summary.total);
  if (const Score& total = summary.total; total.told > 0) {
    const Interval interval = WilsonInterval(total.obeyed, total.told);
    table += fmt::format(
        "told to do another task, in {} of {} episodes it did: {:.1f} %, 95 % "
        "interval {:.1f} - {:.1f} %\n",
        total.obeyed, total.told, 100.0 * total.obeyed / total.told, 100 * interval.low,
        100 * interval.high);
  }
  return table;
}

}  // namespace vega
