// The last frames of one camera, from which clips are cut.

#pragma once

#include <cstdint>
#include <vector>

#include "sim/image.h"

namespace vega {

// Keeps what a clip of `length` (T) frames, `stride` control steps apart, can still need:
//
//   pushed   f0 f1 f2 f3 f4 f5      length 4, stride 2
//   clip     f0 f1 f3 f5            oldest first, newest last, f0 repeated where the episode is
//                                   younger: here f(-1) is f0
class ClipBuffer {
 public:
  // Throws Error unless both are >= 1.
  ClipBuffer(int length, int stride);

  // Starts an episode: forgets all frames.
  void Clear() { count_ = 0; }
  // Takes the next control step's frame.
  void Push(Image frame);
  // (T) frames, oldest first. Throws Error before the first Push.
  std::vector<Image> Frames() const;

 private:
  int length_;
  int stride_;
  std::vector<Image> ring_;  // ((T - 1) * stride + 1), frame n at n % size
  int64_t count_ = 0;        // frames pushed since Clear
};

}  // namespace vega
