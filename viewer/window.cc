#include "viewer/window.h"

#include <GLFW/glfw3.h>
#include <imgui.h>
#include <imgui_impl_glfw.h>
#include <imgui_impl_opengl3.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "sim/base/error.h"

namespace vega {
namespace {

constexpr int kDrawingNice = 10;  // on top of the window's own

// GLFW's last error text, or a plain one
std::string GlfwError() {
  const char* text = nullptr;
  glfwGetError(&text);
  return text != nullptr ? text : "unknown error";
}

// what is drawn and not yet shown, turned the right way up
Image ReadBackBuffer(int width, int height) {
  const size_t row = static_cast<size_t>(width) * 3;
  std::vector<uint8_t> bottom_up(row * height);
  glReadBuffer(GL_BACK);
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE, bottom_up.data());
  Image image{height, width, std::vector<uint8_t>(bottom_up.size())};
  for (int y = 0; y < height; ++y) {
    std::copy_n(bottom_up.data() + row * (height - 1 - y), row, image.pixels.data() + row * y);
  }
  return image;
}

void RequireVersion(GLFWwindow* window) {
  const int major = glfwGetWindowAttrib(window, GLFW_CONTEXT_VERSION_MAJOR);
  const int minor = glfwGetWindowAttrib(window, GLFW_CONTEXT_VERSION_MINOR);
  if (major > 2 || (major == 2 && minor >= 1)) return;
  const auto* renderer = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
  throw Error("the display's OpenGL is " + std::to_string(major) + "." + std::to_string(minor) +
                  " (" + (renderer == nullptr ? "unknown" : renderer) + "), the window needs 2.1",
              "update the driver, or draw on the processor: LIBGL_ALWAYS_SOFTWARE=1");
}

// Where there is no GPU, Mesa draws with as many threads as there are cores, and a simulation step
// would share its core with one of them.
void LetDrawingGiveWay() {
  std::error_code none;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task", none)) {
    std::string name;
    std::getline(std::ifstream(thread.path() / "comm"), name);
    if (name.find("llvmpipe") == std::string::npos) continue;
    setpriority(PRIO_PROCESS, std::atoi(thread.path().filename().c_str()),
                getpriority(PRIO_PROCESS, 0) + kDrawingNice);
  }
}

}  // namespace

struct Window::Glfw {
  Glfw() {
    if (!glfwInit()) {
      throw Error("no window can be opened: " + GlfwError(),
                  "start it on a desktop, with DISPLAY set, or under xvfb-run");
    }
  }
  ~Glfw() { glfwTerminate(); }
};

Window::Window(const WindowOptions& options) : glfw_(std::make_unique<Glfw>()) {
  glfwWindowHint(GLFW_SAMPLES, 4);
  glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
  window_ =
      glfwCreateWindow(options.width, options.height, options.title.c_str(), nullptr, nullptr);
  if (window_ == nullptr) {
    throw Error("no OpenGL window can be opened: " + GlfwError(),
                "check the display's OpenGL with glxinfo");
  }
  glfwMakeContextCurrent(window_);
  RequireVersion(window_);
  LetDrawingGiveWay();
  glfwSwapInterval(options.vsync ? 1 : 0);

  IMGUI_CHECKVERSION();
  ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;  // the layout is the program's own
  glfwGetWindowContentScale(window_, &display_scale_, nullptr);
  display_scale_ = std::max(1.0f, display_scale_);
  SetStyle(/*dark=*/true, 1);
  glfwSetWindowUserPointer(window_, this);
  glfwSetDropCallback(window_, [](GLFWwindow* window, int count, const char** paths) {
    auto* self = static_cast<Window*>(glfwGetWindowUserPointer(window));
    self->drops_.insert(self->drops_.end(), paths, paths + count);
  });
  // MuJoCo draws with a compatibility context, for which this is ImGui's shader language
  ImGui_ImplGlfw_InitForOpenGL(window_, /*install_callbacks=*/true);
  ImGui_ImplOpenGL3_Init("#version 120");
}

Window::~Window() {
  if (window_ == nullptr) return;
  ImGui_ImplOpenGL3_Shutdown();
  ImGui_ImplGlfw_Shutdown();
  ImGui::DestroyContext();
  glfwDestroyWindow(window_);
}

void Window::SetStyle(bool dark, float scale) {
  ImGuiStyle& style = ImGui::GetStyle();
  style = ImGuiStyle();
  if (dark) {
    ImGui::StyleColorsDark();
  } else {
    ImGui::StyleColorsLight();
  }
  style.FrameRounding = 4;
  style.GrabRounding = 4;
  style.WindowRounding = 0;
  style.WindowBorderSize = 0;
  style.Colors[ImGuiCol_WindowBg].w = 1;
  style.ScaleAllSizes(display_scale_ * scale);
  ImGui::GetIO().FontGlobalScale = display_scale_ * scale;
}

bool Window::BeginFrame(const std::function<void()>& input) {
  glfwPollEvents();
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  if (input) input();
  ImGui::NewFrame();
  return !glfwWindowShouldClose(window_);
}

void Window::EndFrame(Image* picture) {
  ImGui::Render();
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  if (picture != nullptr) *picture = ReadBackBuffer(framebuffer_width(), framebuffer_height());
  glfwSwapBuffers(window_);
}

int Window::framebuffer_width() const {
  int width = 0;
  glfwGetFramebufferSize(window_, &width, nullptr);
  return width;
}

int Window::framebuffer_height() const {
  int height = 0;
  glfwGetFramebufferSize(window_, nullptr, &height);
  return height;
}

void Window::Close() { glfwSetWindowShouldClose(window_, GLFW_TRUE); }

}  // namespace vega
