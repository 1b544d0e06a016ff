// A rollout of given actions, recorded step by step, as one safetensors file.
//
// Tensors (T steps; row 0 of the [T+1, ...] ones is the state right after the initial state was
// set):
//   actions         [T,7]         f64  as given
//   states          [T+1,1+nq+nv] f64  time, qpos, qvel
//   eef_pos         [T+1,3]       f64  m, world frame
//   eef_quat        [T+1,4]       f64  x,y,z,w, world frame
//   gripper_qpos    [T+1,2]       f64  m
//   joint_pos       [T+1,7]       f64  rad
//   ctrl            [T,nu]        f64  actuator command of the last sub-step of each step
//   goal_pos        [T,3]         f64  controller's goal after each step, m, world frame
//   goal_ori        [T,9]         f64  its rotation, row-major
//   success         [T]           u8   all goal predicates hold after the step
//   image_<camera>  [K,H,W,3]     u8   frames of image_steps, row 0 is the top; with cameras only
//   image_steps     [K]           i64  0: the frame right after the initial state was set
// Metadata: suite, task, task_name, language, bddl_file, init, joint_names (JSON, in qpos order),
// qpos_adr (JSON); with cameras also render_quality.

#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "sim/observation.h"
#include "tasks/environment.h"

namespace vega {

struct Recording {
  std::vector<double> actions, states, eef_pos, eef_quat, gripper_qpos, joint_pos, ctrl, goal_pos,
      goal_ori;
  std::vector<uint8_t> success;
  std::vector<std::string> cameras;
  std::vector<std::vector<uint8_t>> images;  // one a camera: (K,H,W,3)
  std::vector<int64_t> image_steps;          // (K)
  int image_size = 0;                        // H = W, pixels
  RenderQuality render_quality = RenderQuality::kExact;
  int init = 0;
};

// Plays `actions` exactly, from initial state `init` after the first reset with seed 0, drawing the
// environment's cameras at every `render_every`-th step. Throws Error when there is no such initial
// state or the simulation diverges.
Recording RecordReplay(Environment& environment, int init, std::span<const Action> actions,
                       int render_every);

// Throws Error when the file cannot be written.
void SaveRecording(const Recording& recording, const Task& task, const std::filesystem::path& file);

}  // namespace vega
