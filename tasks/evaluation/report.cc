// The report page: its style, its parts, in the order they are shown.

#include "tasks/evaluation/report.h"

#include <fmt/format.h>

#include <algorithm>

namespace vega {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kStyle[] = R"(
:root { --ink: #1c2430; --soft: #66707f; --line: #e3e7ed; --fill: #2f6fde; --pale: #cfdffa;
  --bad: #b3261e; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 2.5rem 1.5rem; color: var(--ink);
  background: #fff;
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2.4rem 0 .6rem; }
p { margin: .3rem 0; } .soft { color: var(--soft); } .bad { color: var(--bad); }
.headline { display: flex; gap: 2.5rem; flex-wrap: wrap; margin: 1.6rem 0; }
.headline b { display: block; font-size: 2.1rem; line-height: 1.15;
  font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .85rem; }
th, td { padding: .45rem .7rem .45rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.all td { font-weight: 600; border-top: 2px solid var(--ink); }
.bar { position: relative; width: 14rem; height: 1.1rem; margin-top: .2rem; background: #f3f5f8;
  border-radius: 3px; }
.bar i { position: absolute; top: 0; bottom: 0; background: var(--pale); border-radius: 3px; }
.bar b { position: absolute; top: -1px; bottom: -1px; width: 3px; margin-left: -1.5px;
  background: var(--fill); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.4rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
pre { background: #f3f5f8; padding: .8rem 1rem; border-radius: 5px; overflow-x: auto; }
.videos { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1rem; }
video { width: 100%; border-radius: 5px; background: #000; }
figure { margin: 0; } figcaption { font-size: .8rem; }
)";

std::string Escape(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Text(const Json& value) {
  return Escape(value.is_string() ? value.get<std::string>() : value.dump());
}

std::string Percent(double rate) { return fmt::format("{:.1f}&thinsp;%", 100 * rate); }

std::string Headline(const Summary& summary) {
  const Score& total = summary.total;
  const Interval interval = total.interval();
  return fmt::format(
      "<div class=headline><div><b>{}</b>success rate</div><div><b>{} &ndash; {}</b>Wilson 95 % "
      "interval</div><div><b>{}</b>episodes</div><div class=\"{}\"><b>{}</b>errors</div></div>\n",
      Percent(total.rate()), Percent(interval.low), Percent(interval.high), total.n,
      total.errors > 0 ? "bad" : "", total.errors);
}

std::string Row(const std::string& index, const std::string& name, const Score& score) {
  const Interval interval = score.interval();
  return fmt::format(
      "<td class=n>{}</td><td>{}</td><td class=n>{} / {}</td><td class=n>{}</td>"
      "<td><div class=bar title=\"{} to {}\"><i style=\"left:{:.2f}%;width:{:.2f}%\"></i>"
      "<b style=\"left:{:.2f}%\"></b></div></td><td class=\"n{}\">{}</td></tr>\n",
      index, Escape(name), score.successes, score.n, Percent(score.rate()), Percent(interval.low),
      Percent(interval.high), 100 * interval.low, 100 * (interval.high - interval.low),
      100 * score.rate(), score.errors > 0 ? " bad" : "", score.errors);
}

std::string TaskTable(const Summary& summary) {
  std::string html =
      "<h2>Tasks</h2>\n<table><tr><th class=n>#</th><th>Instruction</th><th class=n>Solved</th>"
      "<th class=n>Rate</th><th>Wilson 95 % interval, 0 to 100 %</th><th "
      "class=n>Errors</th></tr>\n";
  for (const TaskScore& task : summary.tasks) {
    html += "<tr>" + Row(std::to_string(task.task), task.instruction, task.score);
  }
  return html + "<tr class=all>" + Row("", "all tasks", summary.total) + "</table>\n";
}

std::string Errors(const std::vector<EpisodeRecord>& records) {
  std::string rows;
  for (const EpisodeRecord& record : records) {
    if (record.outcome != Outcome::kError) continue;
    rows += fmt::format(
        "<tr><td class=n>{}</td><td class=n>{}</td><td class=n>{}</td><td>{}</td></tr>\n",
        record.task, record.init, record.steps, Escape(record.error));
  }
  if (rows.empty()) return {};
  return "<h2 class=bad>Errors</h2>\n<table><tr><th class=n>Task</th><th class=n>Init state</th>"
         "<th class=n>Steps</th><th>What happened</th></tr>\n" +
         rows + "</table>\n";
}

// nested objects become "outer.inner" entries
void Entries(const Json& json, const std::string& prefix, std::string& html) {
  for (const auto& [key, value] : json.items()) {
    if (key == "command") continue;
    const std::string name = prefix.empty() ? key : prefix + "." + key;
    if (value.is_object()) {
      Entries(value, name, html);
    } else {
      html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", Escape(name), Text(value));
    }
  }
}

std::string Videos(const std::vector<std::string>& videos) {
  if (videos.empty()) return {};
  std::string html = "<h2>Videos</h2>\n<div class=videos>\n";
  for (const std::string& video : videos) {
    html += fmt::format(
        "<figure><video controls preload=none src=\"videos/{0}\"></video>"
        "<figcaption>{0}</figcaption></figure>\n",
        Escape(video));
  }
  return html + "</div>\n";
}

}  // namespace

std::string ReportHtml(const Json& manifest, const Summary& summary,
                       const std::vector<EpisodeRecord>& records,
                       const std::vector<std::string>& videos) {
  const std::string policy = Text(manifest.at("policy").at("name"));
  const Json weights = manifest.at("policy").value("weights", Json("none"));
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n"
      "<meta name=viewport content=\"width=device-width\"><title>{0} on {1}</title>\n"
      "<style>{2}</style></head><body>\n<h1>{0} on {1}</h1>\n<p class=soft>weights: {3} &middot; "
      "started {4}</p>\n",
      policy, Escape(summary.suite), kStyle, Text(weights),
      Text(manifest.value("started", Json(""))));
  html += Headline(summary) + TaskTable(summary) + Errors(records) + Videos(videos);
  html += "<h2>Configuration</h2>\n<dl>\n";
  Entries(manifest, "", html);
  html += "</dl>\n<h2>Run it again</h2>\n<pre>" + Text(manifest.value("command", Json(""))) +
          "</pre>\n</body></html>\n";
  return html;
}

}  // namespace vega
