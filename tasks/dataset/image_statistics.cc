#include "tasks/dataset/image_statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace vega {
namespace {

using Counts = std::array<int64_t, 256>;

// the value at rank q (n - 1) of the sorted values, to the nearest rank
double Quantile(const Counts& counts, int64_t n, double q) {
  const auto rank = static_cast<int64_t>(std::llround(q * static_cast<double>(n - 1)));
  int64_t seen = 0;
  for (int value = 0; value < 256; ++value) {
    seen += counts[value];
    if (seen > rank) return value / 255.0;
  }
  return 1;
}

}  // namespace

void ImageStatistics::Add(const Image& image) {
  for (size_t i = 0; i + 2 < image.pixels.size(); i += 3) {
    for (int c = 0; c < 3; ++c) ++counts_[c][image.pixels[i + c]];
  }
  ++images_;
}

void ImageStatistics::Add(const ImageStatistics& other) {
  for (int c = 0; c < 3; ++c) {
    for (int value = 0; value < 256; ++value) counts_[c][value] += other.counts_[c][value];
  }
  images_ += other.images_;
}

ColumnStatistics ImageStatistics::Channels() const {
  ColumnStatistics s;
  s.count = images_;
  for (const Counts& counts : counts_) {
    const int64_t n = std::accumulate(counts.begin(), counts.end(), int64_t{0});
    double sum = 0, squares = 0;
    for (int value = 0; value < 256; ++value) {
      const double x = value / 255.0, times = static_cast<double>(counts[value]);
      sum += times * x;
      squares += times * x * x;
    }
    const double mean = sum / static_cast<double>(n);
    s.mean.push_back(mean);
    s.std.push_back(std::sqrt(std::max(squares / static_cast<double>(n) - mean * mean, 0.0)));
    s.min.push_back(Quantile(counts, n, 0));
    s.max.push_back(Quantile(counts, n, 1));
    s.q01.push_back(Quantile(counts, n, 0.01));
    s.q10.push_back(Quantile(counts, n, 0.10));
    s.q50.push_back(Quantile(counts, n, 0.50));
    s.q90.push_back(Quantile(counts, n, 0.90));
    s.q99.push_back(Quantile(counts, n, 0.99));
  }
  return s;
}

}  // namespace vega
