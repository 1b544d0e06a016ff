// The sampling clock.

#include "sim/observation_timer.h"

#include <cmath>

namespace vega {

bool ObservationTimer::Tick(bool force) {
  constexpr double kTimestep = 0.002;   // s
  constexpr double kPeriod = 1.0 / 20;  // s
  clock_ += kTimestep;
  const bool sample = force || (!sampled_ && kPeriod >= clock_);
  if (sample) sampled_ = true;
  if (clock_ >= kPeriod) {
    clock_ = std::fmod(clock_, kPeriod);
    sampled_ = false;
  }
  return sample;
}

}  // namespace vega
