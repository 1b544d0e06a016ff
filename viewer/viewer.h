// The window's main loop: a task, a policy, the panels around them, and what panels may ask of it.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policies/registry.h"
#include "tasks/evaluation/video.h"
#include "viewer/view.h"
#include "viewer/viewer_state.h"
#include "viewer/window.h"

namespace vega {

class Script;

class Viewer {
 public:
  // Opens the window and loads the task. Throws Error when there is no display, no such task, run
  // or dataset.
  Viewer(ViewerOptions options, ViewerSources sources);
  ~Viewer();
  Viewer(const Viewer&) = delete;
  Viewer& operator=(const Viewer&) = delete;

  // Until the window is closed, or the screenshot or the script is done. Throws Error when one of
  // those fails.
  void Run();

  // What panels ask for. Each may throw Error, which the window shows.
  void OpenTask(const std::string& suite, int task, int init);
  void SetPolicy(const PolicyChoice& choice);
  void Fork();
  void CloseFork();
  void WatchRun(const std::filesystem::path& folder);
  void OpenEpisode(int record);  // of the run being watched
  void OpenDataset(const std::filesystem::path& file, int episode);
  void SaveScreenshot();
  void ToggleVideo();
  void SaveDemonstration();
  void Quit();

  const Stage& stage() const { return *stage_; }
  const Ui& ui() const { return ui_; }
  const ViewerState& state() const { return state_; }
  const RunWatch& run() const { return run_; }
  bool recording() const { return video_.has_value(); }
  int gl_errors() const { return gl_errors_; }  // frames that left an OpenGL error

 private:
  // How a task is to be shown once it is loaded.
  struct Opening {
    std::future<std::shared_ptr<const Task>> task;
    PolicyChoice policy;
    SessionOptions session;
    std::vector<std::vector<double>> states;  // of a recording; or none
    ResetPlacement placement;                 // of its fixtures
  };

  void Open(const std::string& suite, int task, PolicyChoice policy, SessionOptions session,
            std::vector<std::vector<double>> states = {});
  void FinishOpening(bool wait);
  SessionPolicy MakeSessionPolicy(const PolicyChoice& choice) const;
  void DrawFrame();
  void BuildPanels(PanelContext& context);
  void HandleMouse(PanelContext& context);
  void DrawScenes();
  void Splitters(const Rect& area);
  void FinishSaving(bool wait);
  void DoLater();
  // Parts with the stage; a policy at work keeps its thread, not the window.
  void LeaveStage();
  void TakeDrops();
  void KeepVideo(const Image& frame);
  std::filesystem::path NewFile(const std::string& extension) const;

  ViewerOptions options_;
  ViewerSources sources_;
  Window window_;
  Ui ui_;
  ViewerSettings settings_;
  ViewerState state_;
  PolicyChoice policy_;
  Catalog catalog_;
  RunWatch run_;
  std::unique_ptr<Stage> stage_;
  std::vector<std::unique_ptr<Session>> leaving_;  // of earlier stages, until their policy answers
  std::optional<Opening> opening_;
  std::vector<std::function<void(Viewer&)>> later_;
  std::unique_ptr<Script> script_;
  std::future<std::filesystem::path> saving_;  // of a demonstration
  std::optional<VideoWriter> video_;
  std::filesystem::path video_file_;
  std::chrono::steady_clock::time_point video_due_;
  bool want_screenshot_ = false;
  int gl_errors_ = 0;
};

}  // namespace vega
