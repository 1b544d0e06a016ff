// The settings file.

#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "viewer/viewer_state.h"

namespace vega {
namespace {

// calls visit(key, field) for each setting
template <typename Settings, typename Visit>
void ForEachSetting(Settings& s, const Visit& visit) {
  visit("dark", s.dark);
  visit("scale", s.scale);
  visit("left", s.left);
  visit("right", s.right);
  visit("bottom", s.bottom);
  visit("insets", s.insets);
  visit("gate_overlay", s.gate_overlay);
  visit("goal_regions", s.overlays.goal_regions);
  visit("action_chunk", s.overlays.action_chunk);
}

}  // namespace

ViewerSettings LoadSettings(const std::filesystem::path& file) {
  ViewerSettings settings;
  std::ifstream in(file);
  const nlohmann::json json = nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false);
  if (!in || !json.is_object()) return settings;
  ForEachSetting(settings, [&](const char* key, auto& field) {
    const auto found = json.find(key);
    if (found == json.end()) return;
    if (found->is_boolean() == std::is_same_v<decltype(field), bool&> &&
        (found->is_boolean() || found->is_number())) {
      found->get_to(field);
    }
  });
  return settings;
}

void SaveSettings(const ViewerSettings& settings, const std::filesystem::path& file) {
  if (file.empty()) return;
  nlohmann::ordered_json json;
  ForEachSetting(settings, [&](const char* key, const auto& field) { json[key] = field; });
  try {
    std::filesystem::create_directories(file.parent_path());
    AtomicFile out(file);
    out.Write(json.dump(2) + "\n");
    out.Commit();
  } catch (const std::exception&) {
    // the next start has the defaults
  }
}

}  // namespace vega
