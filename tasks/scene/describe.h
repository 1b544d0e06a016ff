// A task's compiled model as text files, for comparison with other simulators of the same task.

#pragma once

#include <mujoco/mujoco.h>

#include <filesystem>
#include <string>

#include "tasks/task.h"

namespace vega {

// Writes folder/scene.xml (the MJCF that was compiled) and folder/model.json: task name, language,
// BDDL file, counts, time step, names by kind in id order (null where unnamed), joint addresses,
// qpos0, masses, body poses, joint, contact and camera numbers, all in full precision. `model` is a
// scene's after a reset, whose fixtures have been placed. Creates the folder. Throws Error when a
// file cannot be written.
void WriteDescription(const TaskInfo& task, const std::string& mjcf, const mjModel& model,
                      const std::filesystem::path& folder);

}  // namespace vega
