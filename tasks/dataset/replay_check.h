// Replaying a demonstration: does the simulator agree with what the file says happened?

#pragma once

#include <string>

#include "tasks/dataset/demo_scene.h"

namespace vega {

struct ReplayCheck {
  std::string demo;
  int64_t steps = 0;           // compared
  int64_t first_unequal = -1;  // step; -1: bit for bit the same to the end
  double first_size = 0;       // and how much it differs there
  int64_t first_beyond = -1;   // first step that differs by more than the tolerance; -1: none
  double beyond_size = 0;      // and how much
  std::string beyond_what;     // and in what
  double largest = 0;          // difference of all steps
  bool success = false;        // the goal holds at the end
};

// Sets every recorded state and compares what the robot senses there with the recorded observation:
// ee_pos in m, joint_states in rad, gripper_states in m, the largest of them a step. Observations
// are sampled a few ms before the step ends, so equality is not to be expected.
ReplayCheck ReplayByState(const Hdf5Reader& reader, size_t demo, const DemoTaskSource& tasks,
                          double tolerance);

// Plays the recorded actions from the start and compares the states: the norm of the difference of
// qpos and qvel, as LIBERO's own scripts take it. Where the file keeps the reset's state (ours do)
// the episode is repeated from there, no-ops included, and should be equal bit for bit; elsewhere
// it starts from row 0, which lacks the controller's and the gripper's memory.
ReplayCheck ReplayByAction(const Hdf5Reader& reader, size_t demo, const DemoTaskSource& tasks,
                           double tolerance);

}  // namespace vega
