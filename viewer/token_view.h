// Tokens as pictures, and which tokens of two pictures are alike or show the same point.

#pragma once

#include <mujoco/mujoco.h>

#include <string>
#include <vector>

#include "policies/policy.h"
#include "sim/image.h"

namespace vega {

// First three principal components of the tokens of all maps together as red, green and blue, one
// picture of G x G pixels a map. Each component's sign is such that its largest entry is positive,
// so colours do not flip from one step to the next.
std::vector<Image> PrincipalColours(const std::vector<const TokenMap*>& maps);

// Values on a colour ramp from blue (low) over white (middle) to red (high), G x G pixels.
Image HeatMap(const TokenMap& map, float low, float high);

// Cosine similarity of token `index` of `from` with every token of `to`, as a map 1 wide. Empty
// where widths differ.
TokenMap Similarity(const TokenMap& from, int index, const TokenMap& to);

int Argmax(const TokenMap& map);

// Where the middle of cell `index` of a side x side grid over camera `from` is seen in camera `to`,
// by the simulator's own geometry. -1: nothing was hit, it lies outside the other picture, or
// something is before it. Pictures are square. Throws Error for a camera the model lacks.
int TrueCorrespondence(const mjModel& model, const mjData& data, const std::string& from,
                       const std::string& to, int side, int index);

}  // namespace vega
