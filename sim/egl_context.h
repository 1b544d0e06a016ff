// A headless OpenGL context. EGL does not leak out of its .cc.

#pragma once

#include <memory>
#include <string>

namespace vega {

// An OpenGL (compatibility profile) context without a window. It is made on the first EGL device
// that can (first device MUJOCO_EGL_DEVICE_ID where that is set, else CUDA's first), else on Mesa's
// surfaceless platform, else on the default display. Displays belong to the process and stay
// initialised; contexts are released with this object. A context is current only while a Binding
// lives, so it may be used on any thread, by one at a time.
class EglContext {
 public:
  // Throws Error when no display offers a context.
  EglContext();
  ~EglContext();
  EglContext(const EglContext&) = delete;
  EglContext& operator=(const EglContext&) = delete;

  struct Previous;

  // Makes the context current on this thread, and on destruction what was current before. Inside
  // another binding of the same context it does nothing.
  class Binding {
   public:
    // Throws Error when another thread uses the context.
    explicit Binding(const EglContext& context);
    ~Binding();
    Binding(const Binding&) = delete;
    Binding& operator=(const Binding&) = delete;

   private:
    const EglContext& context_;
    std::unique_ptr<Previous> previous_;  // null inside another binding
  };

  // GL_RENDERER as the driver states it.
  const std::string& renderer() const;

 private:
  struct Handles;
  std::unique_ptr<Handles> handles_;
};

}  // namespace vega
