// Starts that differ from LIBERO's own more than its regions allow: for who is to look where things
// are instead of knowing it.

#pragma once

#include <vector>

#include "tasks/reset/numpy_random.h"
#include "tasks/reset/reset_plan.h"
#include "tasks/task.h"

namespace vega {

// The spots of one start, same order: first two things that stand on the workspace, both movable or
// both fixtures, trade places, `variation.exchange` times, the pair drawn each time, so that one
// trade may undo another: evenly from all of which the goal names one at least, or from all where
// there is none; then each movable object's place is moved. A fixture takes over the other's turn
// too. The sampler keeps objects apart as far as it always does, fixtures not.
std::vector<SpotDraw> Varied(const std::vector<SpotDraw>& spots, const StartVariation& variation,
                             NumpyRandom& random);

}  // namespace vega
