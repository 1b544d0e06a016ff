// Rollouts recorded from Python LIBERO (robosuite 1.4.0, MuJoCo 3.3.2), played back natively.
//
// tests/fixtures/replay holds one recording a file, as tests/tools/trim_case.py writes them: base
// suites and LIBERO-PRO, random actions and ones that grasp, open, turn on and put down.

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "sim/base/safetensors.h"
#include "sim/egl_renderer.h"
#include "tasks/recording.h"
#include "tasks/suite/libero_suites.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

constexpr int kRobotJoints = 9;            // seven of the arm, two fingers: the first of qpos
constexpr double kRobotTolerance = 1e-9;   // rad, m
constexpr double kObjectTolerance = 1e-6;  // m; rad for fixtures' joints
constexpr double kTorqueTolerance = 1e-6;  // Nm
constexpr double kPixelShare = 0.999;      // of pixels, within 1 of 255 in every channel

std::vector<fs::path> Cases() {
  std::vector<fs::path> cases;
  for (const auto& entry : fs::directory_iterator(fs::path(VEGA_FIXTURES) / "replay")) {
    cases.push_back(entry.path());
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

std::vector<Action> Actions(const SafetensorsFile& recorded) {
  const auto values = recorded.Values<double>("actions");
  std::vector<Action> actions(values.size() / 7);
  for (size_t i = 0; i < values.size(); ++i) actions[i / 7][i % 7] = values[i];
  return actions;
}

// Columns of a state row (time, qpos, qvel) that say where things are: positions of free objects,
// joints of fixtures.
std::vector<int> ObjectColumns(const mjModel& model) {
  std::vector<int> columns;
  for (int j = 0; j < model.njnt; ++j) {
    const int address = model.jnt_qposadr[j];
    if (address < kRobotJoints) continue;
    const int width = model.jnt_type[j] == mjJNT_FREE ? 3 : 1;
    for (int k = 0; k < width; ++k) columns.push_back(1 + address + k);
  }
  return columns;
}

std::vector<int> Columns(int begin, int end) {
  std::vector<int> columns(end - begin);
  std::iota(columns.begin(), columns.end(), begin);
  return columns;
}

// Requires |ours - recorded| < tolerance in the given columns of the first `rows` rows (width).
void CheckRows(const char* what, const std::vector<double>& ours,
               const std::vector<double>& recorded, int width, const std::vector<int>& columns,
               int rows, double tolerance) {
  REQUIRE(ours.size() == recorded.size());
  double worst = 0;
  int row_of_worst = 0;
  for (int row = 0; row < rows; ++row) {
    for (int column : columns) {
      const size_t i = static_cast<size_t>(row) * width + column;
      const double difference = std::abs(ours[i] - recorded[i]);
      if (difference <= worst) continue;
      worst = difference;
      row_of_worst = row;
    }
  }
  INFO(fmt::format("{}: off by {:.3g} in row {} of {}", what, worst, row_of_worst, rows));
  CHECK(worst < tolerance);
}

void CheckNumbers(const Recording& ours, const SafetensorsFile& recorded, const mjModel& model) {
  const auto states = recorded.Values<double>("states");
  const int width = 1 + model.nq + model.nv;
  const int steps = std::stoi(recorded.metadata().at("free_steps"));
  REQUIRE(ours.states.size() == states.size());
  CHECK(std::equal(states.begin(), states.begin() + width, ours.states.begin()));
  CheckRows("robot joints", ours.states, states, width, Columns(1, 1 + kRobotJoints), steps + 1,
            kRobotTolerance);
  CheckRows("objects", ours.states, states, width, ObjectColumns(model), steps + 1,
            kObjectTolerance);

  const auto check = [&](const char* name, const std::vector<double>& values, int columns, int rows,
                         double tolerance) {
    CheckRows(name, values, recorded.Values<double>(name), columns, Columns(0, columns), rows,
              tolerance);
  };
  check("eef_pos", ours.eef_pos, 3, steps + 1, kRobotTolerance);
  check("eef_quat", ours.eef_quat, 4, steps + 1, kRobotTolerance);
  check("gripper_qpos", ours.gripper_qpos, 2, steps + 1, kRobotTolerance);
  check("joint_pos", ours.joint_pos, 7, steps + 1, kRobotTolerance);
  check("ctrl", ours.ctrl, kRobotJoints, steps, kTorqueTolerance);
  check("goal_pos", ours.goal_pos, 3, steps, kRobotTolerance);
  check("goal_ori", ours.goal_ori, 9, steps, kRobotTolerance);
  CHECK(ours.success == recorded.Values<uint8_t>("success"));
}

// Share of the pixels that are within 1 of 255 in all three channels.
double SharedPixels(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  size_t same = 0;
  for (size_t pixel = 0; pixel < a.size(); pixel += 3) {
    bool near = true;
    for (size_t c = pixel; c < pixel + 3; ++c) near &= std::abs(a[c] - b[c]) <= 1;
    same += near;
  }
  return 3.0 * same / a.size();
}

void CheckPictures(const Recording& ours, const SafetensorsFile& recorded) {
  const auto steps = recorded.Values<int64_t>("image_steps");
  const size_t size = 3 * static_cast<size_t>(ours.image_size) * ours.image_size;
  for (size_t camera = 0; camera < ours.cameras.size(); ++camera) {
    const auto pixels = recorded.Values<uint8_t>("image_" + ours.cameras[camera]);
    REQUIRE(pixels.size() == steps.size() * size);
    for (size_t k = 0; k < steps.size(); ++k) {
      const auto at = std::find(ours.image_steps.begin(), ours.image_steps.end(), steps[k]);
      REQUIRE(at != ours.image_steps.end());
      const size_t row = at - ours.image_steps.begin();
      const double share = SharedPixels(std::span(ours.images[camera]).subspan(row * size, size),
                                        std::span(pixels).subspan(k * size, size));
      INFO(fmt::format("{} at step {}: {:.3f} % of pixels", ours.cameras[camera], steps[k],
                       100 * share));
      CHECK(share >= kPixelShare);
    }
  }
}

void CheckCase(const fs::path& path, Renderer& renderer) {
  const SafetensorsFile recorded = SafetensorsFile::Open(path);
  const auto& metadata = recorded.metadata();
  const auto task = LoadTask(LoadSuite(metadata.at("suite")), std::stoi(metadata.at("task")));
  CHECK(task->info().name == metadata.at("task_name"));

  // pictures depend on the driver, so they are compared on the one that drew the recorded ones
  EnvironmentOptions options;
  int64_t render_every = 0;
  if (recorded.Has("image_steps") && metadata.at("gl_renderer") == renderer.name()) {
    options.cameras = {"agentview", "robot0_eye_in_hand"};
    options.image_size = static_cast<int>(recorded.at("image_agentview").shape[1]);
    for (int64_t step : recorded.Values<int64_t>("image_steps")) {
      render_every = std::gcd(render_every, step);
    }
  } else if (recorded.Has("image_steps")) {
    WARN(fmt::format("pictures of {} not compared: drawn by {}, here is {}", path.stem().string(),
                     metadata.at("gl_renderer"), renderer.name()));
  }
  Environment environment(task, options, &renderer);
  const Recording ours = RecordReplay(environment, std::stoi(metadata.at("init")),
                                      Actions(recorded), std::max<int>(1, render_every));
  CheckNumbers(ours, recorded, *task->model());
  if (!options.cameras.empty()) CheckPictures(ours, recorded);
}

}  // namespace

TEST_CASE("replay follows Python LIBERO's recorded rollouts") {
  const std::vector<fs::path> cases = Cases();
  REQUIRE(cases.size() >= 16);
  EglRenderer renderer;
  for (const fs::path& path : cases) {
    DYNAMIC_SECTION(path.stem().string()) { CheckCase(path, renderer); }
  }
}

}  // namespace vega
