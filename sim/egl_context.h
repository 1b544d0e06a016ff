// A headless OpenGL context. EGL does not leak out of its .cc.

#pragma once

#include <memory>
#include <string>

namespace vega {

// An OpenGL (compatibility profile) context without a window, for one thread at a time. It is made
// on the first EGL device that can (in MUJOCO_EGL_DEVICE_ID's place first, if that is set), else on
// Mesa's surfaceless platform, else on the default display. Displays belong to the process and stay
// initialised; contexts are released with this object.
class EglContext {
 public:
  // The new context is current. Throws Error when no display offers one.
  EglContext();
  ~EglContext();
  EglContext(const EglContext&) = delete;
  EglContext& operator=(const EglContext&) = delete;

  // Makes the context current on the calling thread unless it is. Throws Error when EGL refuses.
  void MakeCurrent();
  // GL_RENDERER as the driver states it.
  const std::string& renderer() const;

 private:
  struct Handles;
  std::unique_ptr<Handles> handles_;
};

}  // namespace vega
