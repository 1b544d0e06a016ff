// Where a training run starts from, and how far what it gives out has come from there.

#pragma once

#include "agent/train/recipe.h"
#include "agent/vega_agent.h"

namespace vega {

// The agent the first stage starts from, and what it says of itself in `config`: the recipe's, with
// options and weights of the parts it takes from its init. Throws Error when they do not fit.
VegaAgent OpenStart(const Recipe& recipe, CheckpointConfig& config);

// Moves an agent's weights towards those of the recipe's start, by its share `keep_init`.
void KeepInit(const Recipe& recipe, VegaAgent& agent);

}  // namespace vega
