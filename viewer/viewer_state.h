// What the window is and shows: who owns what, and what outlives it.

#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "viewer/run_watch.h"
#include "viewer/scene_view.h"
#include "viewer/session.h"
#include "viewer/teleop.h"
#include "viewer/ui.h"
#include "viewer/view.h"

namespace vega {

// Remembered from one start to the next, in viewer.json of the settings folder.
struct ViewerSettings {
  bool dark = true;
  float scale = 1;     // of text and widgets, on top of the display's own
  float left = 0.25f;  // widths and height of the panels, of the window's
  float right = 0.33f;
  float bottom = 0.1f;
  bool insets = false;  // the task's cameras in the corner of the scene
  bool gate_overlay = true;
  Overlays overlays;
};

// Reads the file; what is missing or unreadable keeps its default.
ViewerSettings LoadSettings(const std::filesystem::path& file);
// A file that cannot be written is not worth an error.
void SaveSettings(const ViewerSettings& settings, const std::filesystem::path& file);

// One future of the episode: a simulation and its picture.
struct Lane {
  std::unique_ptr<Session> session;
  std::unique_ptr<SceneView> view;
  int shown_step = -1;     // step on display, -1: the latest
  int shown_substep = -1;  // within it; -1: its end

  // Null until there is a state.
  SnapshotPtr shown() const {
    SnapshotPtr snapshot = session->at(shown_step);
    return snapshot != nullptr ? snapshot : session->latest();
  }
};

// The task on display: one lane, or two after a fork.
struct Stage {
  std::shared_ptr<const SceneResources> resources;
  std::vector<Lane> lanes;
  size_t selected = 0;  // lane the panels belong to
};

// What there is to choose from; read once.
struct Catalog {
  std::map<std::string, std::vector<std::string>> instructions;  // by suite, in its order
  std::vector<std::string> policies;
};

// Of this window only.
struct ViewerState {
  bool show_help = false;
  std::string search;       // filter of the task browser
  std::string browsed;      // task the browser was last scrolled to, SUITE/INDEX
  std::string instruction;  // as being typed
  std::string run_path;     // as being typed
  std::string error;        // of the last request; shown until the next
  std::string notice;       // what was done, e.g. a file written
  int selected_body = -1;
  Picked picked;  // where it was selected
  bool teleop = false;
  bool gripper_closed = false;   // by teleoperation
  std::string tokens = "fused";  // which are compared: semantic, generative, fused
  // principal components of each stream, one picture a camera, and of which call they are
  std::map<std::string, std::pair<uint64_t, std::vector<Image>>> components;
  std::shared_ptr<TeleopInput> hands = std::make_shared<TeleopInput>();
  std::vector<Rect> scene_rects;  // where each lane was drawn
};

class Viewer;

// Everything a panel may touch.
struct PanelContext {
  Ui& ui;
  Stage& stage;
  Lane& lane;                // the selected one
  const SnapshotPtr& shown;  // of that lane; not null
  ViewerSettings& settings;
  ViewerState& state;
  PolicyChoice& policy;
  RunWatch& run;
  const Catalog& catalog;
  // Asks for what changes the stage itself; done after the frame.
  std::function<void(std::function<void(Viewer&)>)> later;
};

}  // namespace vega
