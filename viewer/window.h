// One GLFW window with an OpenGL context and Dear ImGui. Knows nothing of simulation.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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

  // Polls input and starts an ImGui frame; `input` is called before ImGui sees the input, to change
  // it. False once the window was asked to close.
  bool BeginFrame(const std::function<void()>& input = {});
  // Draws the ImGui frame over what was drawn since BeginFrame and shows it. What is shown is also
  // read back into `picture` when it is not null.
  void EndFrame(Image* picture = nullptr);

  int framebuffer_width() const;   // pixels
  int framebuffer_height() const;  // pixels
  void Close();
  // Colours, and the size of text and widgets on top of the display's own scale.
  void SetStyle(bool dark, float scale);
  // Files dropped on the window since the last call.
  std::vector<std::string> TakeDrops() { return std::exchange(drops_, {}); }

 private:
  struct Glfw;  // initialises the library once for this window
  std::unique_ptr<Glfw> glfw_;
  GLFWwindow* window_ = nullptr;
  std::vector<std::string> drops_;
  float display_scale_ = 1;
};

}  // namespace vega
