// A window used by a list of actions instead of a hand: for tests and for pictures of the manual.
//
// A JSON list; each entry is done once the one before it is. With "at": N it waits for frame N.
//   {"click": "Run/Play"}                       a widget by name: "Panel/label"
//   {"set": "Run/timeline", "value": "5"}       a slider's or field's value, typed
//   {"key": "Ctrl+F"}                           Space, Left, Right, F1, ..., or a letter
//   {"hold": "W", "frames": 20}                 a key kept down
//   {"hover": "Agent/picture/0", "at_part": [0.5, 0.4]}
//   {"drag": [[0.5, 0.5], [0.6, 0.5]], "button": "right", "ctrl": true}   parts of the window
//   {"double_click": [0.5, 0.5]}
//   {"wait": 10}                                frames
//   {"wait_for": "step 20"}                     or "idle", "over", "success", "widget Run/Play"
//   {"screenshot": "FILE.png"}
//   {"measure": 10}                             seconds; prints frames/s, control steps/s and MB

#pragma once

#include <imgui.h>

#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "viewer/ui.h"

namespace vega {

// What a script can wait for.
struct ScriptStatus {
  int frame = 0;
  int step = -1;  // latest of the selected lane
  bool busy = false;
  bool over = false;
  bool success = false;
  double sim_ms = 0;  // of all steps up to it, without drawing and policy
};

class Script {
 public:
  // Throws Error for a file that is missing or no list of known actions.
  explicit Script(const std::filesystem::path& file);

  // Acts on ImGui's input for the frame that begins. Throws Error naming the entry whose widget is
  // not in sight for 5 s, or that was waited for in vain for 120 s.
  void Act(const Ui& ui, const ScriptStatus& status);
  bool done() const {
    return next_ >= entries_.size() && moves_.empty() && !screenshot_ && !measure_;
  }
  // The picture asked for, once, when its frame is being drawn.
  std::optional<std::filesystem::path> TakeScreenshot();

 private:
  using Move = std::function<void()>;  // of one frame

  bool Ready(const nlohmann::json& entry, const Ui& ui, const ScriptStatus& status) const;
  void Begin(const nlohmann::json& entry, const Ui& ui, const ScriptStatus& status);
  // Prints what was measured once its time is over.
  void KeepMeasuring(const ScriptStatus& status);
  void Wait(const nlohmann::json& entry, const Ui& ui) const;
  void Press(int button, bool down) { buttons_[button] = down; }
  void Click(ImVec2 at, bool ctrl = false);
  void Key(const std::string& name, int frames);
  void Type(const std::string& text);
  [[noreturn]] void Fail(const std::string& what) const;

  std::string source_;
  std::vector<nlohmann::json> entries_;
  size_t next_ = 0;
  std::deque<Move> moves_;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  std::optional<std::filesystem::path> screenshot_;
  struct Measure {
    std::chrono::steady_clock::time_point begin;
    double seconds = 0;
    int frames = 0;
    ScriptStatus first;
  };
  std::optional<Measure> measure_;
  // what the hand holds
  ImVec2 mouse_{-1, -1};
  bool buttons_[3] = {};
  bool ctrl_ = false;
};

}  // namespace vega
