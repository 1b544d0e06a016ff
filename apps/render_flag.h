// The flag --render-quality, the same for every mode that draws.

#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "sim/render_quality.h"

namespace vega {

// `quality` stays empty without the flag and must live until the flags are parsed.
inline void AddRenderQuality(CLI::App& mode, std::optional<RenderQuality>& quality,
                             const std::string& otherwise) {
  mode.add_option_function<std::string>(
          "--render-quality",
          [&quality](const std::string& name) { quality = ParseRenderQuality(name); },
          "exact = LIBERO's own pixels, fast = simplified meshes; default " + otherwise)
      ->check(CLI::IsMember({"exact", "fast"}));
}

}  // namespace vega
