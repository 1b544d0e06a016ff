// The flags that choose a tower, the same in every mode that opens one.

#pragma once

#include <functional>

#include "agent/tower_options.h"

namespace CLI {
class App;
}  // namespace CLI

namespace vega {

// Adds --tower, --weights, --preset, --block, --timestep, --size and the rest. Call the result once
// the flags are parsed: it applies the preset to what no flag gave and reads the size into
// `options`, which must outlive it. It may throw Error.
std::function<void()> AddTowerFlags(CLI::App& mode, TowerOptions& options);

}  // namespace vega
