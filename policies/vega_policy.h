// The VEGA-3D agent as a policy: clips of two cameras, the instruction and proprio to action
// chunks. Needs no torch to include.

#pragma once

#include <string>

#include "policies/registry.h"

namespace vega {

// Opens "vega-tiny", whose weights are drawn from a fixed seed (it says on stderr that it is
// untrained), or a checkpoint folder. The weights are shared by all instances made. Each torch
// operation of the process then uses one thread, as workers run side by side. An instance draws its
// noise by the episode's key, the camera and the step: what it answers does not depend on other
// instances. Throws Error.
PolicySource OpenVegaPolicy(const std::string& name, const PolicyOptions& options = {});

}  // namespace vega
