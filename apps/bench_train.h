// vega bench train: how long a step of training takes.

#pragma once

#include <functional>

namespace CLI {
class App;
}  // namespace CLI

namespace vega {

std::function<int()> AddBenchTrain(CLI::App& mode);

}  // namespace vega
