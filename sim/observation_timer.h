// When, within the 25 sub-steps of a control step, the observation is sampled.

#pragma once

namespace vega {

// robosuite's Observable schedule (utils/observables.py) at 20 Hz without delay. The clock runs 2
// ms per update, forced updates included; a sample is taken at a forced update and at the first
// update after the clock has wrapped at 50 ms:
//
//   update       reset   set_init_state   sub-step 1   ...   23     24    25
//   clock [ms]   2       4                6                  0      2     4
//   sampled      x       x                                          x
//
// so after both an observation shows sub-step 24, after a reset alone sub-step 25.
class ObservationTimer {
 public:
  // Zeroes the clock. A forced update must follow, as robosuite's reset does.
  void Reset() { clock_ = 0; }
  // A forced update; the caller samples.
  void Force() { Tick(true); }
  // One sub-step's update. Returns true when the observation is to be sampled now.
  bool Tick() { return Tick(false); }

 private:
  bool Tick(bool force);

  double clock_ = 0;      // s since the clock last wrapped
  bool sampled_ = false;  // in this period
};

}  // namespace vega
