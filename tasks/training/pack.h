// Demonstrations to training samples on disk: only the frames that training will see are drawn,
// from the stored states, on several threads, with the same bytes whatever their number.

#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/egl_renderer.h"
#include "tasks/training/pack_folder.h"
#include "tasks/training/pack_plan.h"

namespace vega {

// Draws the shards that `folder` lacks and, unless stopped, makes it whole. False when `stop`
// turned true: shards in work are dropped. `done` is called after each sample, from any thread, one
// at a time. Throws Error when a demonstration does not fit its task or the disk is full.
bool WritePack(const std::vector<Hdf5Reader>& sources, const PackOptions& options,
               const PackPlan& plan, PackFolder& folder, std::atomic<bool>& stop,
               const std::function<void()>& done = {});

// pack.json of the shards in `folder`, which must all be there.
nlohmann::ordered_json DescribePack(const std::vector<Hdf5Reader>& sources,
                                    const PackOptions& options, const PackPlan& plan,
                                    const PackFolder& folder, const std::string& renderer);

}  // namespace vega
