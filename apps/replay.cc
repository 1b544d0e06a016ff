// vega replay: plays given actions from an initial state and records everything.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "apps/modes.h"
#include "apps/render_flag.h"
#include "policies/replay_policy.h"
#include "sim/side_by_side_renderer.h"
#include "tasks/recording.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

struct ReplayOptions {
  std::string suite, task;
  int init = 0;
  std::string actions, out;
  int render = 0;
  int render_every = 20;
  std::optional<RenderQuality> render_quality;
  bool exact = false;
};

int Replay(const ReplayOptions& options) {
  const std::vector<Action> actions = LoadActions(options.actions);
  const Suite suite = LoadSuite(options.suite);
  const std::shared_ptr<const Task> task = LoadTask(suite, FindTask(suite, options.task));
  EnvironmentOptions environment_options{.exact = options.exact};
  std::unique_ptr<Renderer> renderer;
  if (options.render > 0) {
    renderer = MakeRenderer(
        {.quality = options.render_quality.value_or(RenderQuality::kExact), .one_thread = true}, 1);
    fmt::print(stderr, "renderer: {}{}\n", renderer->name(),
               renderer->software() ? "  ** SOFTWARE **" : "");
    environment_options.cameras = {"agentview", "robot0_eye_in_hand"};
    environment_options.image_size = options.render;
  }
  Environment environment(task, environment_options, renderer.get());
  const Recording recording =
      RecordReplay(environment, options.init, actions, options.render_every);
  SaveRecording(recording, *task, options.out);
  fmt::print("{}: {} steps, nq {}, nv {}, success at end {}\n", options.out, actions.size(),
             task->model()->nq, task->model()->nv, recording.success.back() != 0);
  return 0;
}

}  // namespace

std::function<int()> AddReplay(CLI::App& mode) {
  auto o = std::make_shared<ReplayOptions>();
  mode.add_option("--suite", o->suite, "suite name, see vega suites")->required();
  mode.add_option("--task", o->task, "task index or name")->required();
  mode.add_option("--init", o->init, "initial state, counted from 0")
      ->check(CLI::NonNegativeNumber);
  mode.add_option("--actions", o->actions, "safetensors with \"actions\" [T,7], F64 or F32")
      ->required();
  mode.add_option("--out", o->out, "safetensors file to write")->required();
  mode.add_option("--render", o->render, "picture size in pixels; 0 = no pictures")
      ->check(CLI::Range(0, 4096));
  mode.add_option("--render-every", o->render_every, "control steps between pictures")
      ->check(CLI::PositiveNumber);
  AddRenderQuality(mode, o->render_quality, "exact");
  mode.add_flag("--exact", o->exact, "repeat robosuite's double forward pass in each sub-step");
  return [o] { return Replay(*o); };
}

}  // namespace vega
