// Exact statistics of pictures' channels, from counts of their 256 values.

#pragma once

#include <array>
#include <cstdint>

#include "sim/image.h"
#include "tasks/dataset/statistics.h"

namespace vega {

class ImageStatistics {
 public:
  void Add(const Image& image);
  void Add(const ImageStatistics& other);
  // Of the three channels, values in [0,1]; `count` is that of pictures.
  ColumnStatistics Channels() const;

 private:
  std::array<std::array<int64_t, 256>, 3> counts_{};
  int64_t images_ = 0;
};

}  // namespace vega
