// Reading the list, and turning an entry into mouse and keys over several frames.

#include "viewer/script.h"

#include <GLFW/glfw3.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <utility>

#include "sim/base/error.h"

namespace vega {
namespace {

constexpr std::chrono::seconds kPatience{120};
constexpr std::chrono::seconds kWidgetPatience{5};
constexpr const char* kActions[] = {"click",    "set",        "key",          "hold",
                                    "hover",    "drag",       "double_click", "wait",
                                    "wait_for", "screenshot", "measure"};

// of this process, as the kernel counts it
double ResidentMegabytes() {
  std::ifstream in("/proc/self/statm");
  double size = 0, resident = 0;
  in >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

std::string ActionOf(const nlohmann::json& entry) {
  if (!entry.is_object()) return {};
  for (const char* action : kActions) {
    if (entry.contains(action)) return action;
  }
  return {};
}

struct KeyPress {
  int key = 0;  // 0: unknown
  bool ctrl = false;
};

KeyPress ParseKey(std::string name) {
  static const std::map<std::string, int> named = {
      {"Space", GLFW_KEY_SPACE},    {"Right", GLFW_KEY_RIGHT},         {"Left", GLFW_KEY_LEFT},
      {"Esc", GLFW_KEY_ESCAPE},     {"Backspace", GLFW_KEY_BACKSPACE}, {"Tab", GLFW_KEY_TAB},
      {"PageUp", GLFW_KEY_PAGE_UP}, {"PageDown", GLFW_KEY_PAGE_DOWN},  {"Enter", GLFW_KEY_ENTER}};
  KeyPress press;
  if (name.starts_with("Ctrl+")) {
    press.ctrl = true;
    name = name.substr(5);
  }
  if (const auto found = named.find(name); found != named.end()) {
    press.key = found->second;
  } else if (name.size() >= 2 && name[0] == 'F' &&
             std::isdigit(static_cast<unsigned char>(name[1]))) {
    press.key = GLFW_KEY_F1 + std::atoi(name.c_str() + 1) - 1;
  } else if (name.size() == 1) {
    press.key = std::toupper(static_cast<unsigned char>(name[0]));
  }
  return press;
}

ImVec2 PartOfWindow(const nlohmann::json& pair) {
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  return {pair.at(0).get<float>() * size.x, pair.at(1).get<float>() * size.y};
}

ImVec2 PartOf(const Rect& rect, float x, float y) {
  return {rect.min.x + x * rect.width(), rect.min.y + y * rect.height()};
}

}  // namespace

Script::Script(const std::filesystem::path& file) : source_(file.string()) {
  std::ifstream in(file);
  if (!in) throw Error(source_ + " cannot be read", "--script wants a JSON file of actions");
  const nlohmann::json list = nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false);
  if (!list.is_array()) throw Error(source_ + " is no JSON list of actions");
  for (const nlohmann::json& entry : list) {
    entries_.push_back(entry);
    if (!ActionOf(entry).empty()) continue;
    throw Error(
        fmt::format("{}: entry {} names no action: {}", source_, entries_.size(), entry.dump()),
        fmt::format("actions: {}", fmt::join(kActions, ", ")));
  }
}

void Script::Fail(const std::string& what) const {
  throw Error(fmt::format("{}: entry {}: {}", source_, next_ + 1, what));
}

std::optional<std::filesystem::path> Script::TakeScreenshot() {
  if (!moves_.empty()) return {};
  return std::exchange(screenshot_, std::nullopt);
}

bool Script::Ready(const nlohmann::json& entry, const Ui& ui, const ScriptStatus& status) const {
  if (status.frame < entry.value("at", 0)) return false;
  for (const char* action : {"click", "set", "hover"}) {
    if (entry.contains(action)) return ui.Find(entry[action].get<std::string>()).has_value();
  }
  if (ActionOf(entry) != "wait_for") return true;
  const std::string what = entry["wait_for"].get<std::string>();
  if (what == "idle") return !status.busy;
  if (what == "over") return status.over;
  if (what == "success") return status.success;
  if (what.starts_with("step ")) return status.step >= std::atoi(what.c_str() + 5);
  if (what.starts_with("widget ")) return ui.Find(what.substr(7)).has_value();
  Fail("it waits for '" + what + "'; known are idle, over, success, step N and widget NAME");
}

// fails once patience is at its end
void Script::Wait(const nlohmann::json& entry, const Ui& ui) const {
  const auto waited = std::chrono::steady_clock::now() - since_;
  const bool wants_widget = !entry.contains("wait_for");
  if (waited < (wants_widget ? kWidgetPatience : kPatience)) return;
  if (!wants_widget) Fail("waited in vain: " + entry.dump());
  Fail(fmt::format("there is no such widget in sight: {} (there are {})", entry.dump(),
                   fmt::join(ui.names(), ", ")));
}

void Script::Click(ImVec2 at, bool ctrl) {
  moves_.push_back([this, at] { mouse_ = at; });
  moves_.push_back([this, ctrl] {
    ctrl_ = ctrl;
    Press(0, true);
  });
  moves_.push_back([this] {
    Press(0, false);
    ctrl_ = false;
  });
  moves_.push_back([] {});
}

void Script::Key(const std::string& name, int frames) {
  const KeyPress press = ParseKey(name);
  if (press.key <= 0 || press.key > GLFW_KEY_LAST) Fail("there is no key '" + name + "'");
  for (int i = 0; i < frames; ++i) {
    moves_.push_back([this, press] {
      ctrl_ = press.ctrl;
      ImGui::GetIO().KeysDown[press.key] = true;
    });
  }
  moves_.push_back([this, press] {
    ctrl_ = false;
    ImGui::GetIO().KeysDown[press.key] = false;
  });
}

void Script::Type(const std::string& text) {
  // all that is there is replaced
  moves_.push_back([this] {
    ctrl_ = true;
    ImGui::GetIO().KeysDown[GLFW_KEY_A] = true;
  });
  moves_.push_back([this] {
    ctrl_ = false;
    ImGui::GetIO().KeysDown[GLFW_KEY_A] = false;
  });
  moves_.push_back([text] { ImGui::GetIO().AddInputCharactersUTF8(text.c_str()); });
  Key("Enter", 1);
  moves_.push_back([] {});
}

void Script::Begin(const nlohmann::json& entry, const Ui& ui, const ScriptStatus& status) {
  const std::string action = ActionOf(entry);
  if (action == "click") {
    Click(PartOf(*ui.Find(entry["click"]), 0.5f, 0.5f));
  } else if (action == "set") {
    // a slider takes typed numbers after Ctrl + click
    const Rect rect = *ui.Find(entry["set"]);
    Click(PartOf(rect, 0.3f, 0.5f), /*ctrl=*/true);
    Type(entry.value("value", std::string()));
  } else if (action == "key") {
    Key(entry["key"], 1);
  } else if (action == "hold") {
    Key(entry["hold"], entry.value("frames", 10));
  } else if (action == "hover") {
    const Rect rect = *ui.Find(entry["hover"]);
    const auto part = entry.value("at_part", std::vector<float>{0.5f, 0.5f});
    if (part.size() != 2) Fail("at_part wants two numbers");
    for (int i = 0; i < 3; ++i) {
      moves_.push_back([this, at = PartOf(rect, part[0], part[1])] { mouse_ = at; });
    }
  } else if (action == "drag") {
    const ImVec2 from = PartOfWindow(entry["drag"].at(0)), to = PartOfWindow(entry["drag"].at(1));
    const int button = entry.value("button", std::string("left")) == "right" ? 1 : 0;
    const bool ctrl = entry.value("ctrl", false);
    constexpr int kFrames = 8;
    moves_.push_back([this, from] { mouse_ = from; });
    for (int i = 0; i <= kFrames; ++i) {
      const float part = static_cast<float>(i) / kFrames;
      const ImVec2 at = {from.x + part * (to.x - from.x), from.y + part * (to.y - from.y)};
      moves_.push_back([this, at, button, ctrl] {
        mouse_ = at;
        ctrl_ = ctrl;
        Press(button, true);
      });
    }
    const int keep = entry.value("frames", 0);
    for (int i = 0; i < keep; ++i) moves_.push_back([] {});
    moves_.push_back([this, button] {
      Press(button, false);
      ctrl_ = false;
    });
    moves_.push_back([] {});
  } else if (action == "double_click") {
    const ImVec2 at = PartOfWindow(entry["double_click"]);
    // however slowly frames are drawn
    const float usual = ImGui::GetIO().MouseDoubleClickTime;
    moves_.push_back([this, at] {
      ImGui::GetIO().MouseDoubleClickTime = 10;
      mouse_ = at;
    });
    for (int i = 0; i < 2; ++i) {
      moves_.push_back([this] { Press(0, true); });
      moves_.push_back([this] { Press(0, false); });
    }
    moves_.push_back([usual] { ImGui::GetIO().MouseDoubleClickTime = usual; });
  } else if (action == "wait") {
    for (int i = 0; i < entry["wait"].get<int>(); ++i) moves_.push_back([] {});
  } else if (action == "screenshot") {
    screenshot_ = entry["screenshot"].get<std::string>();
  } else if (action == "measure") {
    measure_ = {std::chrono::steady_clock::now(), entry["measure"].get<double>(), 0, status};
  }
}

void Script::KeepMeasuring(const ScriptStatus& status) {
  ++measure_->frames;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - measure_->begin;
  if (passed.count() < measure_->seconds) return;
  const auto print = [](const char* name, const char* unit, double value) {
    fmt::print("{}\n",
               nlohmann::ordered_json{{"name", name}, {"unit", unit}, {"value", value}}.dump());
  };
  if (measure_->seconds > 0) {
    print("view.frames", "1/s", measure_->frames / passed.count());
    const int steps = status.step - measure_->first.step;
    print("view.control_steps", "1/s", steps / passed.count());
    if (steps > 0) print("view.sim", "ms", (status.sim_ms - measure_->first.sim_ms) / steps);
  }
  print("view.resident", "MB", ResidentMegabytes());
  std::fflush(stdout);
  measure_.reset();
}

void Script::Act(const Ui& ui, const ScriptStatus& status) {
  if (measure_) KeepMeasuring(status);
  if (moves_.empty() && !screenshot_ && !measure_ && next_ < entries_.size()) {
    const nlohmann::json& entry = entries_[next_];
    try {
      if (Ready(entry, ui, status)) {
        Begin(entry, ui, status);
        ++next_;
        since_ = std::chrono::steady_clock::now();
      } else {
        Wait(entry, ui);
      }
    } catch (const nlohmann::json::exception& error) {
      Fail(std::string("it cannot be understood: ") + error.what());
    }
  }
  if (!moves_.empty()) {
    moves_.front()();
    moves_.pop_front();
  }
  ImGuiIO& io = ImGui::GetIO();
  io.MousePos = mouse_;
  for (int i = 0; i < 3; ++i) io.MouseDown[i] = buttons_[i];
  io.KeyCtrl = ctrl_;
  io.KeyShift = io.KeyAlt = false;
}

}  // namespace vega
