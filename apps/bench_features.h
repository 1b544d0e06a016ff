// What `vega bench` offers of the agent.

#pragma once

#include <functional>

namespace CLI {
class App;
}  // namespace CLI

namespace vega {

// Declares the flags of `vega bench features` and returns what runs once they are parsed: one JSON
// line a figure, features.preprocess, .vae, .dit, .pool and .total, in ms.
std::function<int()> AddBenchFeatures(CLI::App& mode);

}  // namespace vega
