#include "tasks/dataset/hdf5_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "sim/base/error.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr int kRobomimicEnvType = 1;  // robosuite, in robomimic's envs/env_base.py

// what robomimic and LIBERO make an environment of
std::string EnvArgs(const DemoTask& task, const DatasetContract& contract) {
  const Json controller = {{"type", "OSC_POSE"},
                           {"input_max", 1},
                           {"input_min", -1},
                           {"output_max", {0.05, 0.05, 0.05, 0.5, 0.5, 0.5}},
                           {"output_min", {-0.05, -0.05, -0.05, -0.5, -0.5, -0.5}},
                           {"kp", 150},
                           {"damping_ratio", 1},
                           {"impedance_mode", "fixed"},
                           {"kp_limits", {0, 300}},
                           {"damping_ratio_limits", {0, 10}},
                           {"position_limits", nullptr},
                           {"orientation_limits", nullptr},
                           {"uncouple_pos_ori", true},
                           {"control_delta", true},
                           {"interpolation", nullptr},
                           {"ramp_ratio", 0.2}};
  return Json{{"type", kRobomimicEnvType},
              {"env_name", task.problem_name},
              {"problem_name", task.problem_name},
              {"bddl_file", task.bddl_file},
              {"env_kwargs",
               {{"robots", {"Panda"}},
                {"controller_configs", controller},
                {"bddl_file_name", task.bddl_file},
                {"has_renderer", false},
                {"has_offscreen_renderer", true},
                {"use_camera_obs", true},
                {"ignore_done", true},
                {"reward_shaping", false},
                {"camera_names", contract.cameras},
                {"camera_heights", contract.image_size},
                {"camera_widths", contract.image_size},
                {"camera_depths", false},
                {"control_freq", contract.control_hz}}}}
      .dump();
}

std::string ProblemInfo(const DemoTask& task) {
  return Json{{"problem_name", task.problem_name},
              {"domain_name", "robosuite"},
              {"language_instruction", task.instruction}}
      .dump();
}

// the attributes LIBERO keeps at /data; here each demo has them too, since a file may hold tasks
constexpr const char* kTaskAttributes[] = {"env_name", "problem_info", "bddl_file_name",
                                           "bddl_file_content", "env_args"};

void SetTask(Hdf5Group& group, const DemoTask& task, const DatasetContract& contract) {
  group.SetAttribute("env_name", task.problem_name);
  group.SetAttribute("problem_info", ProblemInfo(task));
  group.SetAttribute("bddl_file_name", task.bddl_file);
  group.SetAttribute("bddl_file_content", task.bddl_content);
  group.SetAttribute("env_args", EnvArgs(task, contract));
}

void SetEpisode(Hdf5Group& group, const DemoTask& task, const Demonstration& demo) {
  group.SetAttribute("num_samples", demo.steps());
  group.SetAttribute("suite", task.suite);
  group.SetAttribute("task", int64_t{task.index});
  group.SetAttribute("task_name", task.name);
  group.SetAttribute("episode", int64_t{demo.episode});
  group.SetAttribute("attempt", int64_t{demo.attempt});
  group.SetAttribute("seed", static_cast<int64_t>(demo.seed));
  group.SetAttribute("success", int64_t{demo.success});
  group.SetAttribute("wait_steps", int64_t{demo.wait_steps});
  group.SetAttribute("model_file", demo.model_file);
  const size_t width = demo.states.size() / demo.steps();
  group.SetAttribute("init_state", std::span(demo.states).first(width));
  if (!demo.reset_state.empty()) group.SetAttribute("reset_state", demo.reset_state);
}

// robot_states: gripper 2, position 3, quaternion 4; ee_states: position 3, rotation vector 3
struct DerivedRows {
  std::vector<double> ee_ori, ee_states, robot_states;
};

DerivedRows Derive(const Demonstration& demo) {
  DerivedRows rows;
  for (int64_t t = 0; t < demo.steps(); ++t) {
    const double* pos = &demo.ee_pos[3 * t];
    const std::span<const double, 4> quat(&demo.ee_quat[4 * t], 4);
    const std::array<double, 3> ori = AxisAngle(quat);
    rows.ee_ori.insert(rows.ee_ori.end(), ori.begin(), ori.end());
    rows.ee_states.insert(rows.ee_states.end(), pos, pos + 3);
    rows.ee_states.insert(rows.ee_states.end(), ori.begin(), ori.end());
    const double* gripper = &demo.gripper_states[2 * t];
    rows.robot_states.insert(rows.robot_states.end(), gripper, gripper + 2);
    rows.robot_states.insert(rows.robot_states.end(), pos, pos + 3);
    rows.robot_states.insert(rows.robot_states.end(), quat.begin(), quat.end());
  }
  return rows;
}

void WriteRows(Hdf5Group& group, const Demonstration& demo) {
  const int64_t steps = demo.steps();
  const DerivedRows derived = Derive(demo);
  group.Write("actions", {steps, 7}, demo.actions);
  if (!demo.expert_actions.empty()) group.Write(kExpertActions, {steps, 7}, demo.expert_actions);
  if (!demo.expert_acts.empty()) group.Write(kExpertActs, {steps}, demo.expert_acts);
  group.Write("states", {steps, static_cast<int64_t>(demo.states.size()) / steps}, demo.states);
  group.Write("robot_states", {steps, 9}, derived.robot_states);
  std::vector<uint8_t> last(steps, 0);
  last.back() = 1;
  group.Write("dones", {steps}, last);
  last.back() = demo.success;
  group.Write("rewards", {steps}, last);
  if (!demo.kept_steps.empty()) {
    group.Write("kept_steps", {steps}, demo.kept_steps);
    group.Write("simulated_actions", {static_cast<int64_t>(demo.simulated_actions.size()) / 7, 7},
                demo.simulated_actions);
  }
  Hdf5Group obs = group.NewGroup("obs");
  obs.Write("gripper_states", {steps, 2}, demo.gripper_states);
  obs.Write("joint_states", {steps, 7}, demo.joint_states);
  obs.Write("ee_pos", {steps, 3}, demo.ee_pos);
  obs.Write("ee_ori", {steps, 3}, derived.ee_ori);
  obs.Write("ee_states", {steps, 6}, derived.ee_states);
}

void SyncToDisk(const fs::path& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (synced) return;
  throw Error(fmt::format("{}: cannot be flushed: {}", file.string(), std::strerror(error)),
              "make room on the disk");
}

}  // namespace

Hdf5Writer::Hdf5Writer(const fs::path& file, const DatasetContract& contract, int compression)
    : file_(file),
      temporary_(file.string() + ".part"),
      contract_(contract),
      compression_(compression) {
  std::error_code ignored;
  fs::remove(temporary_, ignored);  // of a run that was killed
  groups_.push_back(Hdf5Group::Create(temporary_));
  groups_.push_back(groups_[0].NewGroup("data"));
}

Hdf5Writer::~Hdf5Writer() {
  if (groups_.empty()) return;
  groups_.clear();
  std::error_code ignored;
  fs::remove(temporary_, ignored);
}

void Hdf5Writer::Count(const std::string& demo, const std::string& task_name, int64_t steps) {
  ++demos_;
  total_ += steps;
  demos_of_task_[task_name].push_back(demo);
}

void Hdf5Writer::Add(const DemoTask& task, const Demonstration& demo) {
  assert(demo.steps() > 0 && demo.images.size() == contract_.cameras.size());
  const std::string name = fmt::format("demo_{}", demos_);
  Hdf5Group group = groups_[1].NewGroup(name);
  SetTask(group, task, contract_);
  SetEpisode(group, task, demo);
  WriteRows(group, demo);
  Hdf5Group obs = group.Group("obs");
  for (size_t i = 0; i < demo.images.size(); ++i) {
    obs.WriteDeflated(ImageKey(contract_.cameras[i]),
                      {contract_.image_size, contract_.image_size, 3}, compression_,
                      demo.images[i]);
  }
  Count(name, task.name, demo.steps());
}

void Hdf5Writer::AddFrom(const fs::path& file) {
  const Hdf5Group source = Hdf5Group::Open(file).Group("data");
  const std::string name = fmt::format("demo_{}", demos_);
  groups_[1].CopyFrom(source, "demo_0", name);
  const Hdf5Group demo = source.Group("demo_0");
  Count(name, demo.TextAttribute("task_name"), demo.IntegerAttribute("num_samples"));
}

void Hdf5Writer::WriteTotals(const std::string& collection) {
  Hdf5Group& root = groups_[0];
  Hdf5Group& data = groups_[1];
  data.SetAttribute("num_demos", demos_);
  data.SetAttribute("total", total_);
  // robosuite's words for the same as image_orientation: opencv is top first, opengl bottom first
  const bool top_first = contract_.conventions.rows == ImageRows::kTopFirst;
  data.SetAttribute("macros_image_convention", top_first ? "opencv" : "opengl");
  data.SetAttribute("image_orientation", top_first ? "row_0_top" : "row_0_bottom");
  data.SetAttribute("vega_contract", ToJson(contract_).dump());
  data.SetAttribute("vega_collection", collection);
  if (demos_of_task_.size() == 1) {
    const Hdf5Group first = data.Group("demo_0");
    for (const char* name : kTaskAttributes) data.SetAttribute(name, first.TextAttribute(name));
    return;
  }
  // a loader that takes the file for one task's finds no instruction and stops
  data.SetAttribute("env_args", EnvArgs({}, contract_));
  Hdf5Group mask = root.NewGroup("mask");
  for (const auto& [task, demos] : demos_of_task_) mask.Write(task, demos);
}

void Hdf5Writer::Finish(const std::string& collection) {
  assert(demos_ > 0);
  WriteTotals(collection);
  groups_[0].Flush();
  groups_.clear();
  try {
    SyncToDisk(temporary_);
    fs::rename(temporary_, file_);
  } catch (const std::exception&) {
    std::error_code ignored;
    fs::remove(temporary_, ignored);
    throw;
  }
}

}  // namespace vega
