// A policy that is asked again before its chunk has been played.

#pragma once

#include "policies/registry.h"

namespace vega {

// The policy of `source`, of whose chunks the first `steps` actions are played before it looks
// again; its contract says so. Throws Error when `steps` is not 1 to its chunk length.
PolicySource WithOpenLoop(PolicySource source, int steps);

}  // namespace vega
