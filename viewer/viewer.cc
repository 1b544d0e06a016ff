#include "viewer/viewer.h"

#include <map>
#include <utility>
#include <vector>

#include "sim/egl_renderer.h"
#include "sim/png.h"
#include "tasks/suite/libero_suites.h"
#include "viewer/panels.h"
#include "viewer/scene_view.h"
#include "viewer/session.h"
#include "viewer/window.h"

namespace vega {
namespace {

using MakePolicy = std::function<std::unique_ptr<Policy>()>;

// A task on display: its simulation and its picture, replaced together.
struct Stage {
  Session session;
  SceneView view;
  std::vector<std::unique_ptr<ImageTexture>> textures;

  Stage(std::shared_ptr<const Task> task, const MakePolicy& make_policy,
        const SessionOptions& options)
      : session(
            task, make_policy(), [] { return std::make_unique<EglRenderer>(); }, options),
        view(task->model()) {}
};

std::map<std::string, std::vector<std::string>> Instructions() {
  std::map<std::string, std::vector<std::string>> result;
  for (const std::string& name : SuiteNames()) {
    for (const TaskEntry& task : LoadSuite(name).tasks) {
      result[name].push_back(task.instruction);
    }
  }
  return result;
}

void DrawFrame(Window& window, Stage& stage, ViewerState& state,
               const std::map<std::string, std::vector<std::string>>& instructions) {
  auto shown = stage.session.at(state.shown_step);
  if (shown == nullptr) shown = stage.session.latest();
  if (shown != nullptr) {
    stage.view.Show(*shown);
    PanelContext context{stage.session, *shown, stage.view, state, stage.textures};
    HandleInput(context);
    RunControlPanel(context);
    TaskPanel(context);
    PolicyPanel(context);
    RobotPanel(context);
    ScenePanel(context);
  }
  BrowserPanel(state, instructions);
  HelpPanel(state);
  stage.view.Draw(window.framebuffer_width(), window.framebuffer_height());
}

}  // namespace

void RunViewer(const ViewerOptions& options, const MakePolicy& make_policy) {
  Suite suite = LoadSuite(options.suite);
  const auto instructions = Instructions();
  SessionOptions session{options.init, options.seed, /*playing=*/true};
  auto task = LoadTask(suite, FindTask(suite, options.task));
  Window window({.width = options.width, .height = options.height});
  auto stage = std::make_unique<Stage>(task, make_policy, session);
  ViewerState state;
  for (int frame = 1; window.BeginFrame(); ++frame) {
    if (state.wanted_task >= 0) {
      suite = LoadSuite(state.wanted_suite);
      task = LoadTask(suite, std::exchange(state.wanted_task, -1));
      stage.reset();  // one GL context: the old picture goes before the new one comes
      session.init = 0;
      state.shown_step = -1;
      stage = std::make_unique<Stage>(task, make_policy, session);
    }
    DrawFrame(window, *stage, state, instructions);
    const bool last = !options.screenshot.empty() && frame >= options.frames;
    Image picture;
    window.EndFrame(last ? &picture : nullptr);
    if (last) {
      WritePng(options.screenshot, picture);
      break;
    }
  }
}

}  // namespace vega
