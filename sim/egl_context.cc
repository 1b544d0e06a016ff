// Finding an EGL display and making an OpenGL context on it.

#include "sim/egl_context.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
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

// The device that OpenGL and CUDA share when nobody chose one: CUDA's first, -1 where none says it
// is.
int CudaDevice(std::span<const EGLDeviceEXT> devices) {
  const auto query = reinterpret_cast<PFNEGLQUERYDEVICEATTRIBEXTPROC>(
      eglGetProcAddress("eglQueryDeviceAttribEXT"));
  const auto describe = reinterpret_cast<PFNEGLQUERYDEVICESTRINGEXTPROC>(
      eglGetProcAddress("eglQueryDeviceStringEXT"));
  if (!query || !describe) return -1;
  for (size_t i = 0; i < devices.size(); ++i) {
    const char* extensions = describe(devices[i], EGL_EXTENSIONS);
    if (!extensions || !std::strstr(extensions, "EGL_NV_device_cuda")) continue;
    EGLAttrib number = -1;
    if (query(devices[i], EGL_CUDA_DEVICE_NV, &number) && number == 0) return static_cast<int>(i);
  }
  return -1;
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
    const int first =
        chosen ? std::atoi(chosen) : CudaDevice({devices.data(), static_cast<size_t>(count)});
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

// what is current on this thread; made current again on destruction
struct EglContext::Previous {
  EGLDisplay display = eglGetCurrentDisplay();
  EGLContext context = eglGetCurrentContext();
  EGLSurface draw = eglGetCurrentSurface(EGL_DRAW);
  EGLSurface read = eglGetCurrentSurface(EGL_READ);

  ~Previous() {
    if (context != EGL_NO_CONTEXT) eglMakeCurrent(display, draw, read, context);
  }
};

struct EglContext::Handles {
  EGLDisplay display = EGL_NO_DISPLAY;
  EGLContext context = EGL_NO_CONTEXT;
  EGLSurface surface = EGL_NO_SURFACE;  // 1 x 1 pixel, only where a context needs one
  std::string renderer;

  ~Handles() {
    if (surface != EGL_NO_SURFACE) eglDestroySurface(display, surface);
    if (context != EGL_NO_CONTEXT) eglDestroyContext(display, context);
  }

  bool Bind() const { return eglMakeCurrent(display, surface, surface, context); }
  void Unbind() const { eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT); }

  // false when this display has no OpenGL context for us
  bool Open(EGLDisplay on) {
    // clang-format off
    constexpr EGLint kConfig[] = {
        EGL_RED_SIZE, 8, EGL_GREEN_SIZE, 8, EGL_BLUE_SIZE, 8, EGL_ALPHA_SIZE, 8,
        EGL_DEPTH_SIZE, 24, EGL_STENCIL_SIZE, 8,
        EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
    // clang-format on
    constexpr EGLint kSurface[] = {EGL_WIDTH, 1, EGL_HEIGHT, 1, EGL_NONE};
    EGLConfig config = nullptr;
    EGLint count = 0;
    if (on == EGL_NO_DISPLAY || !eglInitialize(on, nullptr, nullptr)) return false;
    if (!eglChooseConfig(on, kConfig, &config, 1, &count) || count < 1) return false;
    if (!eglBindAPI(EGL_OPENGL_API)) return false;
    display = on;
    context = eglCreateContext(display, config, EGL_NO_CONTEXT, nullptr);
    if (context == EGL_NO_CONTEXT) return false;
    if (!Bind()) {
      surface = eglCreatePbufferSurface(display, config, kSurface);
      if (!Bind()) return false;
    }
    const auto get_string =
        reinterpret_cast<const GLubyte* (*)(GLenum)>(eglGetProcAddress("glGetString"));
    const GLubyte* name = get_string ? get_string(GL_RENDERER) : nullptr;
    if (name) renderer = reinterpret_cast<const char*>(name);
    Unbind();
    return name;
  }
};

EglContext::EglContext() {
  const Previous previous;
  for (EGLDisplay display : Displays()) {
    handles_ = std::make_unique<Handles>();
    if (handles_->Open(display)) return;
  }
  throw Error("no EGL display offers an OpenGL context", kHint);
}

EglContext::~EglContext() = default;

const std::string& EglContext::renderer() const { return handles_->renderer; }

EglContext::Binding::Binding(const EglContext& context) : context_(context) {
  if (eglGetCurrentContext() == context_.handles_->context) return;
  previous_ = std::make_unique<Previous>();
  if (!context_.handles_->Bind()) {
    throw Error("the OpenGL context is in use on another thread", "give each thread a renderer");
  }
}

EglContext::Binding::~Binding() {
  if (previous_) context_.handles_->Unbind();
}

}  // namespace vega
