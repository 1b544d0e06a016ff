// A running simulation of one task: model view, data, arm controller, gripper, observation
// schedule.
//
//   Scene scene(model);
//   scene.BeginReset();               arm at its reset pose, controller and gripper fresh
//   ... place objects and fixtures ...
//   scene.EndReset();                 forward pass, first observation
//   scene.SetState(init_row);         LIBERO's set_init_state; the controller keeps the reset pose
//   scene.Step(action, on_observe);   one control step = 25 sub-steps of 2 ms
//
// robosuite (environments/base.py, step) runs a sub-step as mj_forward, a second mj_forward where
// the controller reads the arm, control, mj_step. The two extra passes matter: each moves the
// constraint solver's warm start, and objects in contact feel that (2e-4 m after 60 steps,
// measured). They differ from the pass within mj_step in the solver's part only, so here
// kinematics, collisions and velocities are computed once and the solver's part three times; the
// result is the same bit for bit. With `exact` the literal calls are made.

#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "sim/gripper.h"
#include "sim/model.h"
#include "sim/observation.h"
#include "sim/observation_timer.h"
#include "sim/osc_controller.h"
#include "sim/robot.h"

namespace vega {

struct SceneOptions {
  // Make robosuite's own sequence of MuJoCo calls in each sub-step: slower, same result.
  bool exact = false;
};

enum class StepStatus {
  kOk,
  kDiverged,  // MuJoCo raised a bad-state warning (NaN or huge numbers); the scene must be reset
};

// Everything that determines the future of a scene, for rewind and forks.
struct SceneState {
  std::vector<mjtNum> physics;  // mjSTATE_INTEGRATION of mj_getState
  ModelEdits model;
  OscController controller;
  Gripper gripper;
  ObservationTimer timer;
  Proprio proprio;
};

class Scene {
 public:
  explicit Scene(ModelPtr model, SceneOptions options = {});

  void BeginReset();
  void EndReset();
  // row (1+nq+nv): time, qpos, qvel. Forward pass and forced observation; controller, gripper and
  // ctrl are untouched. Throws Error when the width is wrong or a number is not finite.
  void SetState(std::span<const double> row);
  // Advances 0.05 s. `on_observe` is called at the sub-step the observation is sampled, where
  // images are to be drawn. Throws Error when an action entry is not finite.
  StepStatus Step(const Action& action, const std::function<void()>& on_observe = {});

  // Called before each sub-step, with data as the last one left it; for people who watch or push.
  // Empty: nothing.
  void set_on_substep(std::function<void()> call) { on_substep_ = std::move(call); }

  // Last sampled observation.
  const Proprio& proprio() const { return proprio_; }
  // row (1+nq+nv): time, qpos, qvel, now (end of the step).
  std::vector<double> State() const;
  // 64-bit hash of State().
  uint64_t StateHash() const;

  // Not loadable into a scene of another model.
  SceneState Save() const;
  void Load(const SceneState& state);

  const mjModel& model() const { return view_.get(); }
  const ModelPtr& base_model() const { return view_.base(); }
  const mjData& data() const { return *data_; }
  // To be held while something uses the stack in data(), as mjv_updateScene does: then threads may
  // draw one scene at once, as long as none steps it.
  std::mutex& stack_mutex() const { return stack_mutex_; }
  mjModel& mutable_model() { return view_.get(); }
  mjData& mutable_data() { return *data_; }
  const PandaIndices& robot() const { return robot_; }
  const OscController& controller() const { return controller_; }

 private:
  void MakeFresh();
  void Substep(const mjModel& model, const Action& action, bool policy_step);
  void SubstepAsRobosuite(const mjModel& model, const Action& action, bool policy_step);
  void Control(const Action& action, bool policy_step);
  void Observe();

  ModelView view_;
  std::unique_ptr<mjData, void (*)(mjData*)> data_;
  SceneOptions options_;
  PandaIndices robot_;
  std::vector<mjtNum> fresh_;       // mjSTATE_INTEGRATION at the beginning of a reset
  OscController fresh_controller_;  // then
  OscController controller_;
  Gripper gripper_;
  ObservationTimer timer_;
  Proprio proprio_;
  std::function<void()> on_substep_;
  mutable std::mutex stack_mutex_;
};

}  // namespace vega
