#include "tasks/dataset/replay_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/error.h"

namespace vega {
namespace {

void Note(ReplayCheck& check, int64_t step, double size, const std::string& what,
          double tolerance) {
  if (size > 0 && check.first_unequal < 0) {
    check.first_unequal = step;
    check.first_size = size;
  }
  // what is not a number is beyond any tolerance
  if (!(size <= tolerance) && check.first_beyond < 0) {
    check.first_beyond = step;
    check.beyond_size = size;
    check.beyond_what = what;
  }
  check.largest = std::max(check.largest, size);
}

double Largest(std::span<const double> a, std::span<const double> b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

// of qpos and qvel; entry 0 is the time
double StateDistance(std::span<const double> a, std::span<const double> b) {
  double squares = 0;
  for (size_t i = 1; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(squares);
}

// every action that was simulated, and which of them each row is
struct Played {
  std::vector<Action> actions;
  std::vector<int64_t> rows;  // (T)
};

Played ActionsOf(const Hdf5Reader& reader, size_t demo) {
  const int64_t steps = reader.demos()[demo].steps;
  Played played;
  if (!reader.Has(demo, "simulated_actions")) {
    played.actions = reader.Actions(demo, 0, steps);
    for (int64_t t = 0; t < steps; ++t) played.rows.push_back(t);
    return played;
  }
  const int64_t simulated = reader.Group(demo).Array("simulated_actions").shape.at(0);
  const std::vector<double> values = reader.Numbers(demo, "simulated_actions", 0, simulated);
  played.actions.resize(simulated);
  for (size_t i = 0; i < values.size(); ++i) played.actions[i / 7][i % 7] = values[i];
  for (const double row : reader.Numbers(demo, "kept_steps", 0, steps)) {
    if (row < 0 || row >= simulated || (!played.rows.empty() && row <= played.rows.back())) {
      throw Error(reader.Group(demo).where() + "/kept_steps does not name steps in order",
                  "the file is damaged");
    }
    played.rows.push_back(static_cast<int64_t>(row));
  }
  return played;
}

}  // namespace

ReplayCheck ReplayByState(const Hdf5Reader& reader, size_t demo, const DemoTaskSource& tasks,
                          double tolerance) {
  DemoScene scene(reader, demo, tasks);
  const std::vector<Proprio> truth = scene.Truth();
  const int64_t steps = scene.steps();
  const std::vector<double> pos = reader.Numbers(demo, "obs/ee_pos", 0, steps);
  const std::vector<double> joints = reader.Numbers(demo, "obs/joint_states", 0, steps);
  const std::vector<double> fingers = reader.Numbers(demo, "obs/gripper_states", 0, steps);
  ReplayCheck check{.demo = reader.demos()[demo].name};
  // an observation after action t shows state t + 1
  const int64_t shift = reader.contract().conventions.observations == ObservationTime::kAfterAction;
  for (int64_t t = 0; t + shift < steps; ++t, ++check.steps) {
    const Proprio& there = truth[t + shift];
    const auto row = [&](const std::vector<double>& values, size_t width) {
      return std::span(values).subspan(t * width, width);
    };
    const std::pair<const char*, double> sizes[] = {
        {"ee_pos, m", Largest(there.eef_pos, row(pos, 3))},
        {"joint_states, rad", Largest(there.joint_pos, row(joints, 7))},
        {"gripper_states, m", Largest(there.gripper_qpos, row(fingers, 2))}};
    const auto& [what, size] = *std::max_element(
        std::begin(sizes), std::end(sizes), [](auto& a, auto& b) { return a.second < b.second; });
    Note(check, t, size, what, tolerance);
  }
  scene.Show(steps - 1);
  check.success = scene.environment().task().Success(scene.environment().scene());
  return check;
}

ReplayCheck ReplayByAction(const Hdf5Reader& reader, size_t demo, const DemoTaskSource& tasks,
                           double tolerance) {
  DemoScene scene(reader, demo, tasks);
  Environment& environment = scene.environment();
  const DemoInfo& info = reader.demos()[demo];
  const Played played = ActionsOf(reader, demo);
  const auto step = [&](const Action& action, int64_t t) {
    if (environment.Step(action, false) == StepStatus::kOk) return;
    throw Error(fmt::format("{}: the simulation diverged at step {}", info.name, t),
                "the file's states or actions are damaged");
  };
  if (info.reset_state.empty()) {
    scene.Reset(scene.State(0));
  } else {
    scene.Reset(info.reset_state);
    for (int64_t i = 0; i < info.wait_steps; ++i) step(kNoOp, i - info.wait_steps);
  }
  ReplayCheck check{.demo = info.name};
  size_t row = 0;
  for (size_t t = 0; t < played.actions.size(); ++t) {
    if (row < played.rows.size() && static_cast<size_t>(played.rows[row]) == t) {
      Note(check, static_cast<int64_t>(t),
           StateDistance(environment.scene().State(), scene.State(row)), "states", tolerance);
      ++check.steps;
      ++row;
    }
    step(played.actions[t], static_cast<int64_t>(t));
  }
  check.success = environment.success();
  return check;
}

}  // namespace vega
