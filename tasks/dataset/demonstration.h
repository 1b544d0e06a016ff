// One recorded episode in memory, and the task it solves.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/image.h"
#include "tasks/suite/libero_suites.h"

namespace vega {

// What a data set says of a task, so that a reader needs nothing else to know what was done.
struct DemoTask {
  std::string suite;
  int index = 0;  // in the suite's own order
  std::string name;
  std::string instruction;
  std::string problem_name;  // LIBERO's problem class
  std::string bddl_file;     // bddl_files/SUITE/NAME.bddl
  std::string bddl_content;
  std::string mjcf;  // the scene as composed, fixtures not yet placed
};

// Throws Error when the BDDL or an asset is missing or unsound.
DemoTask DescribeDemoTask(const Suite& suite, int index);

// A picture (H,W,3) u8 as one zlib stream.
using DeflatedImage = std::vector<uint8_t>;

// `level` 0 (stored) to 9 (smallest), as in zlib.
DeflatedImage Deflate(const Image& image, int level);

// T rows; D = 1+nq+nv. Row t is what was before action t.
struct Demonstration {
  int episode = 0;  // counts from 0 within the task
  int attempt = 0;  // the episode's attempt that is recorded here, from 0
  uint64_t seed = 0;
  bool success = false;  // the goal was reached, and held as long as the contract says
  int wait_steps = 10;   // no-ops between the reset state and row 0

  std::vector<double> actions;                     // (T,7) as they were played
  std::vector<double> expert_actions;              // (T,7) as they were meant; empty: the same
  std::vector<uint8_t> expert_acts;                // (T) 1: the demonstrator's action; empty: all
  std::vector<double> states;                      // (T,D) time, qpos, qvel
  std::vector<double> ee_pos;                      // (T,3) m, world
  std::vector<double> ee_quat;                     // (T,4) x,y,z,w, world
  std::vector<double> gripper_states;              // (T,2) m
  std::vector<double> joint_states;                // (T,7) rad
  std::vector<std::vector<DeflatedImage>> images;  // one a camera: (T)

  std::vector<double> reset_state;  // (D) set after the reset, before the no-ops; may be empty
  std::string model_file;           // MJCF with the fixtures as the reset placed them
  // With a no-op filter: every action that was simulated (S,7), and which of them each row is (T).
  std::vector<double> simulated_actions;
  std::vector<int32_t> kept_steps;

  int64_t steps() const { return static_cast<int64_t>(actions.size() / 7); }
};

// Rotation vector in rad of a unit quaternion x,y,z,w, by robosuite's quat2axisangle: the angle is
// 2 acos(w), so a negative w gives more than pi.
std::array<double, 3> AxisAngle(std::span<const double, 4> quat);

}  // namespace vega
