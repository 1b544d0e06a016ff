// Finding an EGL display and making an OpenGL context on it.

#include "sim/egl_context.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace vega {
namespace {

constexpr char kHint[] =
    "install a GL driver with EGL, e.g. libegl1 and libgl1-mesa-dri; see vega doctor";

bool HasClientExtension(std::string_view name) {
  const char* all = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
  return all && std::string_view(all).find(name) != std::string_view::npos;
}

// displays worth trying, best first
std::vector<EGLDisplay> Displays() {
  std::vector<EGLDisplay> displays;
  const auto platform_display = reinterpret_cast<PFNEGLGETPLATFORMDISPLAYEXTPROC>(
      eglGetProcAddress("eglGetPlatformDisplayEXT"));
  const auto query_devices =
      reinterpret_cast<PFNEGLQUERYDEVICESEXTPROC>(eglGetProcAddress("eglQueryDevicesEXT"));
  if (platform_display && query_devices && HasClientExtension("EGL_EXT_platform_device")) {
    std::array<EGLDeviceEXT, 32> devices;
    EGLint count = 0;
    if (!query_devices(devices.size(), devices.data(), &count)) count = 0;
    const char* chosen = std::getenv("MUJOCO_EGL_DEVICE_ID");
    const int first = chosen ? std::atoi(chosen) : 0;
    if (first > 0 && first < count) std::swap(devices[0], devices[first]);
    for (int i = 0; i < count; ++i) {
      displays.push_back(platform_display(EGL_PLATFORM_DEVICE_EXT, devices[i], nullptr));
    }
  }
  if (platform_display && HasClientExtension("EGL_MESA_platform_surfaceless")) {
    displays.push_back(
        platform_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr));
  }
  displays.push_back(eglGetDisplay(EGL_DEFAULT_DISPLAY));
  return displays;
}

}  // namespace

struct EglContext::Handles {
  EGLDisplay display = EGL_NO_DISPLAY;
  EGLContext context = EGL_NO_CONTEXT;
  EGLSurface surface = EGL_NO_SURFACE;  // 1 x 1, only where a context cannot do without
  std::string renderer;

  ~Handles() {
    if (context == EGL_NO_CONTEXT) return;
    if (eglGetCurrentContext() == context) {
      eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    }
    if (surface != EGL_NO_SURFACE) eglDestroySurface(display, surface);
    eglDestroyContext(display, context);
  }

  bool Bind() const { return eglMakeCurrent(display, surface, surface, context); }

  // false when this display has no OpenGL context for us
  bool Open(EGLDisplay on) {
    constexpr EGLint kConfig[] = {EGL_RED_SIZE,
                                  8,
                                  EGL_GREEN_SIZE,
                                  8,
                                  EGL_BLUE_SIZE,
                                  8,
                                  EGL_ALPHA_SIZE,
                                  8,
                                  EGL_DEPTH_SIZE,
                                  24,
                                  EGL_STENCIL_SIZE,
                                  8,
                                  EGL_SURFACE_TYPE,
                                  EGL_PBUFFER_BIT,
                                  EGL_RENDERABLE_TYPE,
                                  EGL_OPENGL_BIT,
                                  EGL_NONE};
    constexpr EGLint kSurface[] = {EGL_WIDTH, 1, EGL_HEIGHT, 1, EGL_NONE};
    EGLConfig config = nullptr;
    EGLint count = 0;
    if (on == EGL_NO_DISPLAY || !eglInitialize(on, nullptr, nullptr)) return false;
    if (!eglChooseConfig(on, kConfig, &config, 1, &count) || count < 1) return false;
    if (!eglBindAPI(EGL_OPENGL_API)) return false;
    display = on;
    context = eglCreateContext(display, config, EGL_NO_CONTEXT, nullptr);
    if (context == EGL_NO_CONTEXT) return false;
    if (!Bind()) surface = eglCreatePbufferSurface(display, config, kSurface);
    return Bind();
  }
};

EglContext::EglContext() {
  for (EGLDisplay display : Displays()) {
    handles_ = std::make_unique<Handles>();
    if (handles_->Open(display)) break;
    handles_.reset();
  }
  if (!handles_) throw Error("no EGL display offers an OpenGL context", kHint);
  const auto get_string =
      reinterpret_cast<const GLubyte* (*)(GLenum)>(eglGetProcAddress("glGetString"));
  const GLubyte* name = get_string ? get_string(GL_RENDERER) : nullptr;
  if (!name) throw Error("the OpenGL context does not answer", kHint);
  handles_->renderer = reinterpret_cast<const char*>(name);
}

EglContext::~EglContext() = default;

void EglContext::MakeCurrent() {
  if (eglGetCurrentContext() == handles_->context) return;
  if (!handles_->Bind()) {
    throw Error("the OpenGL context cannot be used on this thread",
                "a renderer works on one thread at a time");
  }
}

const std::string& EglContext::renderer() const { return handles_->renderer; }

}  // namespace vega
