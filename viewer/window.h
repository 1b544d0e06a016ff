// One GLFW window with an OpenGL context and Dear ImGui. Knows nothing of simulation.

#pragma once

#include <memory>
#include <string>

#include "sim/image.h"

struct GLFWwindow;

namespace vega {

struct WindowOptions {
  std::string title = "vega";
  int width = 1280;   // screen units
  int height = 800;   // screen units
  bool vsync = true;  // wait for the display between frames
};

class Window {
 public:
  // Throws Error when there is no display or its OpenGL is unusable.
  explicit Window(const WindowOptions& options);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  // Polls input and starts an ImGui frame. False once the window was asked to close.
  bool BeginFrame();
  // Draws the ImGui frame over what was drawn since BeginFrame and shows it. What is shown is also
  // read back into `picture` when it is not null.
  void EndFrame(Image* picture = nullptr);

  int framebuffer_width() const;   // pixels
  int framebuffer_height() const;  // pixels
  void Close();

 private:
  struct Glfw;  // initialises the library once for this window
  std::unique_ptr<Glfw> glfw_;
  GLFWwindow* window_ = nullptr;
};

}  // namespace vega
