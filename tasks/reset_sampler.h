// Draws resets exactly as Python LIBERO does, from NumPy's generator and without simulating.

#pragma once

#include <memory>

#include "tasks/reset_plan.h"
#include "tasks/task.h"

namespace vega {

// A sampler in the state of a freshly built LIBERO environment: it has drawn once from the initial
// seed 0. The draws depend on nothing but the seed and the number of resets before, never on an
// episode.
std::unique_ptr<ResetSampler> MakeResetSampler(std::shared_ptr<const ResetPlan> plan,
                                               ModelPtr model);

}  // namespace vega
