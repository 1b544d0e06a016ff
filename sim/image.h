// An RGB picture in memory. One orientation everywhere: row 0 is the top.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace vega {

// pixels (height x width x 3) u8, row-major, RGB, row 0 = top
struct Image {
  int height = 0;  // pixels
  int width = 0;   // pixels
  std::vector<uint8_t> pixels;

  bool empty() const { return pixels.empty(); }
};

}  // namespace vega
