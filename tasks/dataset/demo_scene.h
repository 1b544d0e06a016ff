// A demonstration put back into the simulator: its task, its fixtures where they stood, any of its
// states. What checks of a data set compare its numbers and pictures with.

#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tasks/dataset/hdf5_reader.h"
#include "tasks/environment.h"

namespace vega {

// The compiled task of a demonstration. Throws Error when there is none of that name.
using DemoTaskSource = std::function<std::shared_ptr<const Task>(const DemoInfo&)>;

// Finds tasks in LIBERO's suites and keeps the last one. Of a demonstration whose suite is unknown
// by name or data, any suite with a task of that name will do.
DemoTaskSource LiberoDemoTasks();

class DemoScene {
 public:
  // `reader` hands out rows as they are stored or converted; `renderer` may be null. All must
  // outlive the scene. Throws Error when the demonstration does not fit its task's model.
  DemoScene(const Hdf5Reader& reader, size_t demo, const DemoTaskSource& tasks,
            Renderer* renderer = nullptr);

  int64_t steps() const { return steps_; }
  std::span<const double> State(int64_t t) const;
  // The scene in state t: a forward pass, nothing simulated; the picture's burners are lit.
  void Show(int64_t t);
  // What the robot senses in every state (T).
  std::vector<Proprio> Truth();
  // A fresh reset with the fixtures in place and everything else but the robot where `state` has
  // it, then `state` itself set: the same as the reset that led to it, down to the solver's warm
  // start.
  void Reset(std::span<const double> state);
  Environment& environment() { return *environment_; }

 private:
  int64_t steps_;
  int64_t width_;  // of a state
  std::vector<double> states_;
  ResetPlacement placement_;
  std::unique_ptr<Environment> environment_;
};

}  // namespace vega
