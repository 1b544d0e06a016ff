// The gripper's command: a binary action turned into two finger position targets that move at a
// fixed speed.

#pragma once

#include <mujoco/mujoco.h>

#include <array>

#include "sim/robot.h"

namespace vega {

// robosuite's PandaGripper (models/grippers/panda_gripper.py): each sub-step the command of a
// finger moves by 0.01 of its half range towards open (action < 0) or closed (action > 0); an
// action of exactly 0 holds it.
class Gripper {
 public:
  // Half open, as after a reset.
  void Reset() { command_ = {}; }

  // One sub-step: moves the command by the sign of `action` and writes the two finger targets to
  // data.ctrl.
  void Apply(const mjModel& model, const PandaIndices& robot, double action, mjData& data);

  // [-1, 1] of each finger's ctrlrange.
  const std::array<double, kFingers>& command() const { return command_; }

 private:
  std::array<double, kFingers> command_{};
};

}  // namespace vega
