// Lines and events.

#include "agent/train/metrics.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/file.h"

namespace vega {

Metrics::Metrics(const std::filesystem::path& folder, int stage, int64_t step)
    : file_(folder / "metrics.jsonl"), events_(folder) {
  std::string kept;
  std::ifstream in(file_);
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded()) continue;  // cut by a kill
    const int before = json.value("index", 0);
    if (before < stage || (before == stage && json.value("step", int64_t{0}) <= step)) {
      kept += line + "\n";
    }
  }
  in.close();
  AtomicFile out(file_);
  out.Write(kept);
  out.Commit(/*flush=*/false);
}

void Metrics::Add(int index, const std::string& stage, int64_t step, const Scalars& scalars) {
  nlohmann::ordered_json line = {{"index", index}, {"stage", stage}, {"step", step}};
  for (const auto& [name, value] : scalars) {
    line[name] = value;
    events_.AddScalar(stage + "/" + name, step, value);
  }
  std::ofstream out(file_, std::ios::app);
  out << line.dump() << "\n";
  out.flush();
  if (!out) throw Error(fmt::format("cannot write {}", file_.string()), "free some disk");
  events_.Flush();
}

void Metrics::Add(const std::string& stage, int64_t step,
                  const std::map<std::string, Image>& pictures) {
  for (const auto& [name, image] : pictures) events_.AddImage(stage + "/" + name, step, image);
  events_.Flush();
}

}  // namespace vega
