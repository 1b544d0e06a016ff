#include "tasks/dataset/hdf5_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "tasks/dataset/hdf5_writer.h"

namespace vega {
namespace {

using Json = nlohmann::ordered_json;

// pictures read at once
constexpr int64_t kAtOnce = 32;

// x,y,z,w of robot_states, or of the rotation vector where the file has only that
std::vector<double> Quaternions(const Hdf5Reader& reader, size_t demo, int64_t steps) {
  std::vector<double> quats;
  if (reader.Has(demo, "robot_states") && reader.Width(demo, "robot_states") == 9) {
    const std::vector<double> robot = reader.Numbers(demo, "robot_states", 0, steps);
    for (int64_t t = 0; t < steps; ++t) {
      quats.insert(quats.end(), robot.begin() + 9 * t + 5, robot.begin() + 9 * t + 9);
    }
    return quats;
  }
  const std::vector<double> ori = reader.Numbers(demo, "obs/ee_ori", 0, steps);
  for (int64_t t = 0; t < steps; ++t) {
    const double* v = &ori[3 * t];
    const double angle = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    const double scale = angle < 1e-9 ? 0 : std::sin(angle / 2) / angle;
    for (int i = 0; i < 3; ++i) quats.push_back(v[i] * scale);
    quats.push_back(std::cos(angle / 2));
  }
  return quats;
}

Demonstration ReadDemo(const Hdf5Reader& reader, size_t demo, int compression) {
  const DemoInfo& info = reader.demos()[demo];
  const int64_t steps = info.steps;
  Demonstration out;
  out.episode = static_cast<int>(demo);
  out.success = info.success;
  out.wait_steps = static_cast<int>(info.wait_steps);
  for (const Action& action : reader.Actions(demo, 0, steps)) {
    out.actions.insert(out.actions.end(), action.begin(), action.end());
  }
  if (reader.contract().action_noise > 0) {
    for (const Action& action : reader.Labels(demo, 0, steps)) {
      out.expert_actions.insert(out.expert_actions.end(), action.begin(), action.end());
    }
  }
  if (!reader.contract().taken_over_from.empty()) {
    out.expert_acts.assign(steps, 1);
    std::fill_n(out.expert_acts.begin(), reader.FirstExpertStep(demo), uint8_t{0});
  }
  out.states = reader.States(demo, 0, steps);
  out.ee_pos = reader.Numbers(demo, "obs/ee_pos", 0, steps);
  out.ee_quat = Quaternions(reader, demo, steps);
  out.gripper_states = reader.Numbers(demo, "obs/gripper_states", 0, steps);
  out.joint_states = reader.Numbers(demo, "obs/joint_states", 0, steps);
  out.model_file = reader.ModelFile(demo);
  for (const std::string& camera : reader.contract().cameras) {
    std::vector<DeflatedImage>& images = out.images.emplace_back();
    for (int64_t t = 0; t < steps; t += kAtOnce) {
      for (const Image& frame : reader.Frames(demo, camera, t, std::min(kAtOnce, steps - t))) {
        images.push_back(Deflate(frame, compression));
      }
    }
  }
  return out;
}

}  // namespace

void ImportHdf5(const Hdf5Reader& reader, const std::filesystem::path& file, int compression,
                const std::function<void(size_t done, size_t all)>& progress) {
  if (reader.ours() && reader.contract().conventions == DatasetConventions{}) {
    throw Error(reader.file().string() + " follows vega's conventions already", "use it as it is");
  }
  if (std::filesystem::exists(file)) {
    throw Error(file.string() + " is there already", "choose another --out");
  }
  DatasetContract contract = reader.contract();
  contract.conventions = {};
  contract.collected_by = "import of " + reader.file().filename().string();
  const Json collection = {{"imported_from", reader.file().filename().string()},
                           {"conventions_there", Describe(reader.contract().conventions)}};
  Hdf5Writer writer(file, contract, compression);
  for (size_t i = 0; i < reader.demos().size(); ++i) {
    const DemoInfo& info = reader.demos()[i];
    if (info.steps < 1) {
      throw Error(fmt::format("{}: {} has a single step, which is dropped", reader.file().string(),
                              info.name),
                  "remove that demonstration");
    }
    const DemoTask task = {.suite = info.suite,
                           .index = -1,
                           .name = info.task_name,
                           .instruction = info.instruction,
                           .problem_name = reader.Attribute(i, "env_name"),
                           .bddl_file = reader.Attribute(i, "bddl_file_name"),
                           .bddl_content = reader.Attribute(i, "bddl_file_content")};
    writer.Add(task, ReadDemo(reader, i, compression));
    if (progress) progress(i + 1, reader.demos().size());
  }
  writer.Finish(collection.dump());
}

}  // namespace vega
