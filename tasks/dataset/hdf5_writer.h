// Demonstrations to an HDF5 file in the layout of LIBERO and robomimic.
//
//   /data                  num_demos, total, env_args, macros_image_convention, image_orientation,
//                          vega_contract, vega_collection; of a file with one task also env_name,
//                          problem_info, bddl_file_name, bddl_file_content, where LIBERO's loader
//                          looks for them
//   /data/demo_0           num_samples, init_state (D), model_file, and what the episode was
//     actions (T,7) f64, states (T,D) f64, robot_states (T,9) f64, rewards (T) u8, dones (T) u8
//     expert_actions (T,7) f64, with action noise: what was meant where `actions` was played
//     expert_acts (T) u8, with a takeover: 0 while the policy acts, 1 once the demonstrator does
//     obs/agentview_rgb, obs/eye_in_hand_rgb (T,H,W,3) u8, one zlib stream a picture, if any
//     obs/gripper_states (T,2), joint_states (T,7), ee_states (T,6), ee_pos (T,3), ee_ori (T,3) f64
//   /mask/TASK             of a file with several tasks: the names of its demos (robomimic's
//   filter)

#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tasks/dataset/contract.h"
#include "tasks/dataset/demonstration.h"
#include "tasks/dataset/hdf5_group.h"

namespace vega {

// Writes aside and flushes to disk; the file appears under its name, whole, when Finish returns.
// Without Finish nothing is left. Every method throws Error, e.g. when the disk is full.
class Hdf5Writer {
 public:
  Hdf5Writer(const std::filesystem::path& file, const DatasetContract& contract,
             int compression = 1);
  ~Hdf5Writer();
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  // As the next demo. `demo` has one list of images a camera of the contract.
  void Add(const DemoTask& task, const Demonstration& demo);
  // The only demo of a file this class wrote, with everything it says, as the next demo.
  void AddFrom(const std::filesystem::path& file);
  // `collection`: JSON of how the data came about, kept as attribute vega_collection.
  void Finish(const std::string& collection);

 private:
  void Count(const std::string& demo, const std::string& task_name, int64_t steps);
  void WriteTotals(const std::string& collection);

  std::filesystem::path file_, temporary_;
  DatasetContract contract_;
  int compression_;
  std::vector<Hdf5Group> groups_;  // root, data; emptied by Finish, which closes the file
  int64_t demos_ = 0, total_ = 0;
  std::map<std::string, std::vector<std::string>> demos_of_task_;
};

}  // namespace vega
