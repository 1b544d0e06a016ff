// Draws resets exactly as Python LIBERO does, from NumPy's generator and without simulating.

#pragma once

#include <memory>

#include "tasks/reset/reset_plan.h"
#include "tasks/task.h"

namespace vega {

// A sampler in the state of a freshly built LIBERO environment, which has loaded its scene once.
// The environment's own first draws come before any seed, so they are left out: call Seed before
// Sample. The draws depend on the seed and the number of resets before and on nothing an episode
// does.
std::unique_ptr<ResetSampler> MakeResetSampler(std::shared_ptr<const ResetPlan> plan,
                                               ModelPtr model);

}  // namespace vega
