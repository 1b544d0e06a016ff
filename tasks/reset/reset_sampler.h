// Draws resets exactly as Python LIBERO does, from NumPy's generator and without simulating; on
// demand others like them.

#pragma once

#include <memory>

#include "tasks/reset/reset_plan.h"
#include "tasks/task.h"

namespace vega {

// A sampler in the state of a freshly built LIBERO environment, which has loaded its scene once.
// The environment's own first draws come before any seed, so they are left out: call Seed before
// Sample. The draws depend on the seed and the number of resets before and on nothing an episode
// does. With a variation each reset also draws how it differs, from the same generator.
std::unique_ptr<ResetSampler> MakeResetSampler(std::shared_ptr<const ResetPlan> plan,
                                               ModelPtr model,
                                               const StartVariation& variation = {});

}  // namespace vega
