// Which ways of drawing without a window this machine offers, found by trying each.

#pragma once

#include <string>
#include <vector>

namespace vega {

struct GlWay {
  std::string platform;   // "EGL device 0", "EGL surfaceless"
  std::string renderer;   // GL_RENDERER; empty when it failed
  std::string version;    // GL_VERSION
  std::string error;      // why it failed; empty when it works
  bool software = false;  // the processor draws
};

// Tries every EGL device, then Mesa's surfaceless platform. Never throws; leaves no context behind.
std::vector<GlWay> ProbeGl();

// True for the GL_RENDERER of a software rasterizer (llvmpipe, softpipe, SwiftShader, ...).
bool IsSoftwareRenderer(const std::string& renderer);

}  // namespace vega
