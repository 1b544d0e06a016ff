// What each geom of a task's model belongs to, by LIBERO's names of categories.

#pragma once

#include <string>
#include <vector>

#include "tasks/task.h"

namespace vega {

inline constexpr char kBackgroundCategory[] = "background";  // arena, table, floor, walls
inline constexpr char kRobotCategory[] = "robot";            // with its gripper and mount

// (ngeom) Category of each geom: one of the above or an object's or fixture's, e.g. "plate".
std::vector<std::string> GeomCategories(const Task& task);

}  // namespace vega
