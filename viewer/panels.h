// The panels of the window: free functions over state the caller owns.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "viewer/scene_view.h"
#include "viewer/session.h"

namespace vega {

// What the person at the window has chosen; outlives panels and sessions.
struct ViewerState {
  int shown_step = -1;  // step of the episode on display, -1: the latest
  bool show_help = false;
  char search[128] = "";  // filter of the task browser
  // a task asked for in the browser, taken by the main loop; index -1: none
  std::string wanted_suite;
  int wanted_task = -1;
};

// A camera image kept in a GL texture; uploaded again only when the image changes.
class ImageTexture {
 public:
  ImageTexture() = default;
  ~ImageTexture();
  ImageTexture(const ImageTexture&) = delete;
  ImageTexture& operator=(const ImageTexture&) = delete;
  void Upload(const Image& image);
  unsigned id() const { return id_; }

 private:
  unsigned id_ = 0;
};

// Everything a panel may touch.
struct PanelContext {
  Session& session;
  const Snapshot& shown;  // the step on display
  SceneView& view;
  ViewerState& state;
  std::vector<std::unique_ptr<ImageTexture>>& textures;  // one per contract camera, grown as needed
};

// Play, pause, step, speed, timeline, initial state.
void RunControlPanel(PanelContext& context);
// Instruction, each goal predicate's truth, success lamp.
void TaskPanel(PanelContext& context);
// The camera images as the policy got them, and its action as bars.
void PolicyPanel(PanelContext& context);
// Gripper and joints against time.
void RobotPanel(PanelContext& context);
// Cameras and what is drawn.
void ScenePanel(PanelContext& context);
// Suites and tasks with a search field; fills state.wanted_suite and wanted_task.
void BrowserPanel(ViewerState& state, const std::map<std::string, std::vector<std::string>>& tasks);
// Keyboard shortcuts, shown while state.show_help.
void HelpPanel(ViewerState& state);
// Applies keyboard shortcuts and mouse drags that no panel took.
void HandleInput(PanelContext& context);

}  // namespace vega
