// Where a reset put the fixtures, in a demonstration's model_file. Fixtures have no joints, so no
// state says where they stand: without this a replay is wrong by centimetres.

#pragma once

#include <string>

#include "sim/model.h"
#include "tasks/task.h"

namespace vega {

// `mjcf` with each body whose pose in `placed` differs from the compiled one in `base` moved there,
// in full precision. Throws Error when the MJCF cannot be parsed or lacks the body.
std::string WithFixturePoses(const std::string& mjcf, const mjModel& placed, const mjModel& base);

// The poses of bodies in `model_file` that differ from those compiled in `base`; bodies with a free
// joint and those `base` does not know are passed over. To be placed by ResetPlacement. Throws
// Error naming `source` when it is no MJCF.
std::vector<ResetPlacement::Pose> FixturePoses(const std::string& model_file, const mjModel& base,
                                               const std::string& source);

}  // namespace vega
