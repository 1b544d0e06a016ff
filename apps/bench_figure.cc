// Medians and the machine they were taken on.

#include "apps/bench_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "apps/version.h"

namespace vega {
namespace {

// e.g. "2 x AMD EPYC"
std::string Machine() {
  std::ifstream file("/proc/cpuinfo");
  std::string model = "unknown processor";
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (!line.starts_with("model name") || colon == std::string::npos) continue;
    model = line.substr(colon + 2);
    break;
  }
  return fmt::format("{} x {}", std::thread::hardware_concurrency(), model);
}

double Rounded(double value) { return std::round(value * 1e4) / 1e4; }

}  // namespace

double Median(std::vector<double> samples) {
  assert(!samples.empty());
  std::sort(samples.begin(), samples.end());
  const size_t middle = samples.size() / 2;
  return samples.size() % 2 == 1 ? samples[middle] : 0.5 * (samples[middle - 1] + samples[middle]);
}

void Print(const Figure& figure) {
  using Json = nlohmann::ordered_json;
  const auto [least, most] = std::minmax_element(figure.samples.begin(), figure.samples.end());
  const Json line = {{"name", figure.name},
                     {"unit", figure.unit},
                     {"median", Rounded(Median(figure.samples))},
                     {"min", Rounded(*least)},
                     {"max", Rounded(*most)},
                     {"n", figure.samples.size()},
                     {"threads", figure.threads},
                     {"renderer", figure.renderer.empty() ? Json() : Json(figure.renderer)},
                     {"suite", figure.suite.empty() ? Json() : Json(figure.suite)},
                     {"task", figure.task < 0 ? Json() : Json(figure.task)},
                     {"machine", Machine()},
                     {"commit", GitCommit()}};
  fmt::print("{}\n", line.dump());
  std::fflush(stdout);
}

}  // namespace vega
