// Motions that are a function of the step alone.

#include "policies/look_policy.h"

#include <cmath>

namespace vega {

LookPolicy::LookPolicy() {
  contract_.cameras = {"agentview", "robot0_eye_in_hand"};
  contract_.image_size = 256;
  contract_.chunk_length = 8;
}

std::vector<Action> LookPolicy::Act(const PolicyInput& input) {
  std::vector<Action> chunk(contract_.chunk_length);
  for (int k = 0; k < contract_.chunk_length; ++k) {
    const int step = input.step + k;
    for (int i = 0; i < 6; ++i) chunk[k][i] = 0.3 * std::sin(0.1 * step + i);
    chunk[k][6] = step / 40 % 2 == 0 ? -1 : 1;
  }
  return chunk;
}

BlindLookPolicy::BlindLookPolicy() { blind_.chunk_length = LookPolicy::contract().chunk_length; }

}  // namespace vega
