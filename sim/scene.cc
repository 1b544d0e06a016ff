// The order of events in a reset and in a control step.

#include "sim/scene.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/hash.h"
#include "sim/base/mujoco_handlers.h"
#include "sim/step_kernels.h"
#include "sim/solver_kernels.h"

namespace vega {
namespace {

constexpr int kSubsteps = 25;  // of 2 ms in a control step of 50 ms
constexpr mjtWarning kBadState[] = {mjWARN_BADQPOS, mjWARN_BADQVEL, mjWARN_BADQACC};

// MuJoCo resets data with a bad state by itself and counts it as a warning
bool Diverged(const mjData& data) {
  return std::any_of(std::begin(kBadState), std::end(kBadState),
                     [&](mjtWarning warning) { return data.warning[warning].number > 0; });
}

void RequireFinite(std::span<const double> values, const std::string& what) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      throw Error(what + " entry " + std::to_string(i) + " is " + std::to_string(values[i]),
                  "every entry must be a finite number");
    }
  }
}

// The model without what MuJoCo computes in each step and nothing reads: marks of the bounding
// volumes that were hit, which are cleared for every triangle there is, and the wrist's two
// sensors.
mjModel WithoutUnused(mjModel model) {
  model.vis.global.bvactive = 0;
  model.opt.disableflags |= mjDSBL_SENSOR;
  return model;
}

mjData* MakeData(const mjModel& model) {
  InstallMujocoHandlers();
  mjData* data = mj_makeData(&model);
  if (!data) throw Error("no memory for the simulation's data", "run fewer workers");
  return data;
}

}  // namespace

Scene::Scene(ModelPtr model, SceneOptions options)
    : view_(std::move(model)),
      data_(MakeData(view_.get()), mj_deleteData),
      options_(options),
      robot_(PandaIndices::Find(view_.get())) {
  if (view_.get().na != 0) {
    throw Error("the model has actuators with activation states",
                "a scene's state is time, qpos and qvel only");
  }
  MakeFresh();
  BeginReset();
  EndReset();
}

// What a reset begins with. The objects of the compiled model overlap, which makes these three
// passes slow, but they come out the same each time: they are made once.
void Scene::MakeFresh() {
  const mjModel& model = view_.get();
  mj_forward(&model, data_.get());

  // the controller is made when the arm is placed but the fingers are not yet (robosuite
  // robots/robot.py, reset)
  for (int i = 0; i < kArmJoints; ++i) data_->qpos[robot_.qpos[i]] = kArmResetQpos[i];
  mj_forward(&model, data_.get());
  mj_forward(&model, data_.get());
  fresh_controller_.Reset(model, robot_, *data_);
  for (int i = 0; i < kFingers; ++i) data_->qpos[robot_.finger_qpos[i]] = kFingerResetQpos[i];
  fresh_.resize(mj_stateSize(&model, mjSTATE_INTEGRATION));
  mj_getState(&model, data_.get(), fresh_.data(), mjSTATE_INTEGRATION);
}

void Scene::BeginReset() {
  view_.Restore();
  const mjModel& model = view_.get();
  mj_resetData(&model, data_.get());
  mj_setState(&model, data_.get(), fresh_.data(), mjSTATE_INTEGRATION);
  controller_ = fresh_controller_;
  gripper_.Reset();
  timer_.Reset();
}

void Scene::EndReset() {
  mjModel& model = view_.get();
  mj_forward(&model, data_.get());

  // a reset hides every site by negating its alpha (robosuite environments/base.py, visualize)
  for (int i = 0; i < model.nsite; ++i) {
    float& alpha = model.site_rgba[4 * i + 3];
    if (alpha > 0) alpha = -alpha;
  }
  timer_.Force();
  Observe();
}

void Scene::SetState(std::span<const double> row) {
  const mjModel& model = view_.get();
  const size_t width = 1 + model.nq + model.nv;
  if (row.size() != width) {
    throw Error("a state of " + std::to_string(row.size()) + " numbers for a scene of " +
                    std::to_string(width),
                "it must hold time, qpos and qvel of this task");
  }
  RequireFinite(row, "state");
  data_->time = row[0];
  std::copy_n(row.begin() + 1, model.nq, data_->qpos);
  std::copy_n(row.begin() + 1 + model.nq, model.nv, data_->qvel);
  mj_forward(&model, data_.get());
  timer_.Force();
  Observe();
}

StepStatus Scene::Step(const Action& action, const std::function<void()>& on_observe) {
  RequireFinite(action, "action");
  const mjModel model = options_.exact ? view_.get() : WithoutUnused(view_.get());
  for (int i = 0; i < kSubsteps; ++i) {
    if (Diverged(*data_)) return StepStatus::kDiverged;
    if (on_substep_) on_substep_();
    options_.exact ? SubstepAsRobosuite(model, action, i == 0) : Substep(model, action, i == 0);
    if (timer_.Tick()) {
      Observe();
      if (on_observe) on_observe();
    }
  }
  return Diverged(*data_) ? StepStatus::kDiverged : StepStatus::kOk;
}

// mj_forward, mj_forward where the controller reads the arm, control, mj_step
void Scene::SubstepAsRobosuite(const mjModel& model, const Action& action, bool policy_step) {
  mj_forward(&model, data_.get());
  if (controller_.update_due()) mj_forward(&model, data_.get());
  Control(action, policy_step);
  mj_step(&model, data_.get());
}

// the same bits: kinematics, collisions and velocities once, the solver's part as often
void Scene::Substep(const mjModel& model, const Action& action, bool policy_step) {
  mjData* data = data_.get();
  {
    const StepKernels kernels(model);
    mj_step1(&model, data);
  }
  const SolverKernels kernels(model, *data);
  mj_fwdActuation(&model, data);
  mj_fwdAcceleration(&model, data);
  mj_fwdConstraint(&model, data);
  if (controller_.update_due()) mj_fwdConstraint(&model, data);
  Control(action, policy_step);
  mj_step2(&model, data);
}

void Scene::Control(const Action& action, bool policy_step) {
  const mjModel& model = view_.get();
  controller_.Update(model, robot_, *data_);
  if (policy_step) controller_.SetGoal(action.data());
  controller_.Apply(model, robot_, *data_);
  gripper_.Apply(model, robot_, action[6], *data_);
}
void Scene::Observe() {
  const mjData& data = *data_;
  std::copy_n(data.site_xpos + 3 * robot_.grip_site, 3, proprio_.eef_pos.begin());
  const mjtNum* quat = data.xquat + 4 * robot_.hand_body;
  proprio_.eef_quat = {quat[1], quat[2], quat[3], quat[0]};
  for (int i = 0; i < kFingers; ++i) {
    proprio_.gripper_qpos[i] = data.qpos[robot_.finger_qpos[i]];
    proprio_.gripper_qvel[i] = data.qvel[robot_.finger_dof[i]];
  }
  for (int i = 0; i < kArmJoints; ++i) {
    proprio_.joint_pos[i] = data.qpos[robot_.qpos[i]];
    proprio_.joint_vel[i] = data.qvel[robot_.dof[i]];
  }
}

std::vector<double> Scene::State() const {
  std::vector<double> row;
  row.reserve(1 + model().nq + model().nv);
  row.push_back(data_->time);
  row.insert(row.end(), data_->qpos, data_->qpos + model().nq);
  row.insert(row.end(), data_->qvel, data_->qvel + model().nv);
  return row;
}

uint64_t Scene::StateHash() const {
  const std::vector<double> row = State();
  return Hash64(std::as_bytes(std::span(row)));
}

SceneState Scene::Save() const {
  const mjModel& m = model();
  SceneState state;
  state.physics.resize(mj_stateSize(&m, mjSTATE_INTEGRATION));
  mj_getState(&m, data_.get(), state.physics.data(), mjSTATE_INTEGRATION);
  state.model = view_.edits();
  state.controller = controller_;
  state.gripper = gripper_;
  state.timer = timer_;
  state.proprio = proprio_;
  return state;
}

void Scene::Load(const SceneState& state) {
  mjModel& m = view_.get();
  const size_t size = mj_stateSize(&m, mjSTATE_INTEGRATION);
  if (state.physics.size() != size) {
    throw Error("the saved state belongs to another task's scene");
  }
  view_.Load(state.model);

  // a forward pass makes poses and contacts fit the state; the warm start it overwrites is put back
  mj_resetData(&m, data_.get());
  mj_setState(&m, data_.get(), state.physics.data(), mjSTATE_INTEGRATION);
  mj_forward(&m, data_.get());
  mj_setState(&m, data_.get(), state.physics.data(), mjSTATE_INTEGRATION);
  controller_ = state.controller;
  gripper_ = state.gripper;
  timer_ = state.timer;
  proprio_ = state.proprio;
}

}  // namespace vega
