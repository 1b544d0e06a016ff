// Plays actions back and lays what happened out as tensors.

#include "tasks/recording.h"

#include <fmt/format.h>

#include "sim/base/error.h"
#include "sim/base/safetensors.h"

namespace vega {
namespace {

template <typename Range>
void Append(std::vector<double>& to, const Range& values) {
  to.insert(to.end(), values.begin(), values.end());
}

void KeepObservation(const Environment& environment, Recording& recording) {
  const Scene& scene = environment.scene();
  const Proprio& proprio = scene.proprio();
  Append(recording.states, scene.State());
  Append(recording.eef_pos, proprio.eef_pos);
  Append(recording.eef_quat, proprio.eef_quat);
  Append(recording.gripper_qpos, proprio.gripper_qpos);
  Append(recording.joint_pos, proprio.joint_pos);
}

void KeepControl(const Environment& environment, Recording& recording) {
  const Scene& scene = environment.scene();
  const OscController& controller = scene.controller();
  Append(recording.ctrl, std::span(scene.data().ctrl, scene.model().nu));
  Append(recording.goal_pos, std::span(controller.goal_pos().data(), 3));
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) {
      recording.goal_ori.push_back(controller.goal_ori()(row, column));
    }
  }
  recording.success.push_back(environment.success());
}

void KeepFrames(const Environment& environment, int step, Recording& recording) {
  recording.image_steps.push_back(step);
  for (size_t i = 0; i < recording.cameras.size(); ++i) {
    const std::vector<uint8_t>& pixels = environment.frames()[i].pixels;
    recording.images[i].insert(recording.images[i].end(), pixels.begin(), pixels.end());
  }
}

}  // namespace

Recording RecordReplay(Environment& environment, int init, std::span<const Action> actions,
                       int render_every) {
  const auto& init_states = environment.task().init_states();
  if (init_states.empty()) {
    throw Error(fmt::format("{} has no initial states", environment.task().info().name),
                "the data holds no init file for it; vega eval starts it from resets");
  }
  if (init < 0 || init >= static_cast<int>(init_states.size())) {
    throw Error(fmt::format("no initial state {} in {}", init, environment.task().info().name),
                fmt::format("it has {}, counted from 0", init_states.size()));
  }
  Recording recording;
  recording.cameras = environment.options().cameras;
  recording.images.resize(recording.cameras.size());
  recording.image_size = environment.options().image_size;
  recording.render_quality = environment.render_quality();
  recording.init = init;
  const auto drawn = [&](int step) {
    return !recording.cameras.empty() && step % render_every == 0;
  };

  const std::unique_ptr<ResetSampler> sampler = environment.task().NewResetSampler();
  sampler->Seed(0);
  environment.Reset(sampler->Sample(), init_states[init]);
  KeepObservation(environment, recording);
  if (drawn(0)) {
    environment.Draw();
    KeepFrames(environment, 0, recording);
  }
  for (int step = 1; step <= static_cast<int>(actions.size()); ++step) {
    const Action& action = actions[step - 1];
    if (environment.Step(action, drawn(step)) != StepStatus::kOk) {
      throw Error(fmt::format("the simulation diverged at step {}", step),
                  "MuJoCo met a bad or huge number in the state");
    }
    Append(recording.actions, action);
    KeepControl(environment, recording);
    KeepObservation(environment, recording);
    if (drawn(step)) KeepFrames(environment, step, recording);
  }
  return recording;
}

void SaveRecording(const Recording& recording, const Task& task,
                   const std::filesystem::path& file) {
  const auto steps = static_cast<int64_t>(recording.success.size());
  SafetensorsWriter writer;
  const auto add = [&](const char* name, int64_t rows, const std::vector<double>& values) {
    const int64_t width = rows == 0 ? 0 : static_cast<int64_t>(values.size()) / rows;
    writer.Add(name, {rows, width}, values);
  };
  add("actions", steps, recording.actions);
  add("states", steps + 1, recording.states);
  add("eef_pos", steps + 1, recording.eef_pos);
  add("eef_quat", steps + 1, recording.eef_quat);
  add("gripper_qpos", steps + 1, recording.gripper_qpos);
  add("joint_pos", steps + 1, recording.joint_pos);
  add("ctrl", steps, recording.ctrl);
  add("goal_pos", steps, recording.goal_pos);
  add("goal_ori", steps, recording.goal_ori);
  writer.Add("success", {steps}, recording.success);
  if (!recording.cameras.empty()) {
    const auto frames = static_cast<int64_t>(recording.image_steps.size());
    writer.SetMetadata("render_quality", Name(recording.render_quality));
    writer.Add("image_steps", {frames}, recording.image_steps);
    for (size_t i = 0; i < recording.cameras.size(); ++i) {
      writer.Add("image_" + recording.cameras[i],
                 {frames, recording.image_size, recording.image_size, 3}, recording.images[i]);
    }
  }

  const mjModel& model = *task.model();
  std::vector<std::string> names;
  for (int j = 0; j < model.njnt; ++j) {
    names.push_back(fmt::format("\"{}\"", model.names + model.name_jntadr[j]));
  }
  const std::span<const int> addresses(model.jnt_qposadr, model.njnt);
  const TaskInfo& info = task.info();
  writer.SetMetadata("suite", info.suite);
  writer.SetMetadata("task", std::to_string(info.index));
  writer.SetMetadata("task_name", info.name);
  writer.SetMetadata("language", info.instruction);
  writer.SetMetadata("bddl_file", info.name + ".bddl");
  writer.SetMetadata("init", std::to_string(recording.init));
  writer.SetMetadata("joint_names", fmt::format("[{}]", fmt::join(names, ", ")));
  writer.SetMetadata("qpos_adr", fmt::format("[{}]", fmt::join(addresses, ", ")));
  writer.Write(file);
}

}  // namespace vega
