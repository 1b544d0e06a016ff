// Opens a context on every EGL platform that needs no window and asks it for its name.

#include "apps/gl_probe.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace vega {
namespace {

constexpr unsigned kGlRenderer = 0x1F01;  // GL_RENDERER
constexpr unsigned kGlVersion = 0x1F02;   // GL_VERSION

template <typename Function>
Function Load(const char* name) {
  return reinterpret_cast<Function>(eglGetProcAddress(name));
}

std::string GlString(unsigned name) {
  using GetString = const unsigned char* (*)(unsigned);
  const auto get = Load<GetString>("glGetString");
  const unsigned char* text = get ? get(name) : nullptr;
  return text ? reinterpret_cast<const char*>(text) : "";
}

// fills in `way` from a context on `display`; returns what failed
const char* Ask(EGLDisplay display, GlWay& way) {
  constexpr EGLint kConfig[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE,
                                EGL_OPENGL_BIT, EGL_NONE};
  EGLConfig config;
  EGLint count = 0;
  if (!eglChooseConfig(display, kConfig, &config, 1, &count) || count == 0) {
    return "no OpenGL configuration";
  }
  eglBindAPI(EGL_OPENGL_API);
  const EGLContext context = eglCreateContext(display, config, EGL_NO_CONTEXT, nullptr);
  if (context == EGL_NO_CONTEXT) return "no OpenGL context";
  const bool current = eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context);
  if (current) {
    way.renderer = GlString(kGlRenderer);
    way.version = GlString(kGlVersion);
    eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
  }
  eglDestroyContext(display, context);
  if (!current) return "the context cannot be made current";
  return way.renderer.empty() ? "the driver states no name" : nullptr;
}

GlWay Probe(std::string platform, EGLenum kind, void* native) {
  GlWay way{.platform = std::move(platform)};
  const auto open = Load<PFNEGLGETPLATFORMDISPLAYEXTPROC>("eglGetPlatformDisplayEXT");
  const EGLDisplay display = open ? open(kind, native, nullptr) : EGL_NO_DISPLAY;
  if (display == EGL_NO_DISPLAY || !eglInitialize(display, nullptr, nullptr)) {
    way.error = fmt::format("cannot be opened (EGL error {:#x})", eglGetError());
    return way;
  }
  if (const char* failed = Ask(display, way)) {
    way.error = fmt::format("{} (EGL error {:#x})", failed, eglGetError());
  }
  way.software = IsSoftwareRenderer(way.renderer);
  eglTerminate(display);
  return way;
}

}  // namespace

std::vector<GlWay> ProbeGl() {
  std::vector<GlWay> ways;
  const auto query = Load<PFNEGLQUERYDEVICESEXTPROC>("eglQueryDevicesEXT");
  std::array<EGLDeviceEXT, 16> devices;
  EGLint count = 0;
  if (query && query(static_cast<EGLint>(devices.size()), devices.data(), &count)) {
    for (EGLint i = 0; i < count; ++i) {
      ways.push_back(Probe(fmt::format("EGL device {}", i), EGL_PLATFORM_DEVICE_EXT, devices[i]));
    }
  }
  ways.push_back(Probe("EGL surfaceless", EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY));
  return ways;
}

bool IsSoftwareRenderer(const std::string& renderer) {
  std::string name = renderer;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  for (const char* software : {"llvmpipe", "softpipe", "swrast", "swiftshader", "software"}) {
    if (name.find(software) != std::string::npos) return true;
  }
  return false;
}

}  // namespace vega
