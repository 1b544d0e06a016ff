// The Panda arm with gripper and mount as one MJCF document.

#pragma once

#include <array>
#include <filesystem>
#include <pugixml.hpp>

namespace vega {

// LIBERO's MountedPanda (on robosuite's RethinkMount) or OnTheGroundPanda (no mount) with the
// PandaGripper, names prefixed with robot0_, gripper0_ and mount0_, bottom of the mount at `base`
// (m, world). `robosuite` is its models/assets folder. Throws Error.
pugi::xml_document BuildPanda(bool mounted, const std::array<double, 3>& base,
                              const std::filesystem::path& robosuite);

}  // namespace vega
