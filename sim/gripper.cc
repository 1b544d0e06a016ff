// One sub-step of the finger commands.

#include "sim/gripper.h"

#include <algorithm>

namespace vega {

void Gripper::Apply(const mjModel& model, const PandaIndices& robot, double action, mjData& data) {
  constexpr double kSpeed = 0.01;  // of half the range, per sub-step
  constexpr std::array<double, kFingers> kDirection = {-1, 1};
  const double sign = (action > 0) - (action < 0);
  for (int i = 0; i < kFingers; ++i) {
    command_[i] = std::clamp(command_[i] + kDirection[i] * kSpeed * sign, -1.0, 1.0);
    const mjtNum* range = model.actuator_ctrlrange + 2 * robot.finger_actuator[i];
    const double middle = 0.5 * (range[1] + range[0]);
    const double half = 0.5 * (range[1] - range[0]);
    data.ctrl[robot.finger_actuator[i]] = middle + half * command_[i];
  }
}

}  // namespace vega
