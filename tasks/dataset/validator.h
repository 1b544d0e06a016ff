// Finds what is silently wrong with a data set: things no loader trips over and every policy
// trained on it suffers from. The file's numbers and pictures are compared with what its own states
// show when they are put back into the simulator, so nothing needs to be believed.
//
//   values        every number finite, actions within [-1,1]
//   observations  joints, hand and fingers fit the states, and are not shifted against them
//   quaternions   in x,y,z,w order; rotation vectors fit
//   gripper       +1 closes the fingers, -1 opens them
//   actions       move the hand the way they point, and not late
//   pictures      right way up, of their own state, of the scene at all
//   success       the goal holds at the end
//
// What a demonstration moves too little to tell is not judged.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tasks/dataset/demo_scene.h"

namespace vega {

struct Finding {
  std::string check;  // of the list above
  std::string demo;   // demo_12
  std::string what;   // one line
};

struct ValidationOptions {
  int picture_demos = 3;  // demonstrations whose pictures are drawn again, spread over the file
  int pictures = 4;       // of each camera and such demonstration
  bool simulate = true;   // false: values only
  // if set: called after each demonstration
  std::function<void(size_t done, size_t all)> progress;
};

// `reader` must hand out rows as they are stored; they are judged by the conventions its contract
// states. `renderer` may be null: no pictures are judged. Throws Error when the file cannot be
// read or a demonstration's task cannot be loaded.
std::vector<Finding> Validate(const Hdf5Reader& reader, const DemoTaskSource& tasks,
                              Renderer* renderer, const ValidationOptions& options = {});

}  // namespace vega
