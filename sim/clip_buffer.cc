// A ring of frames.

#include "sim/clip_buffer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sim/base/error.h"

namespace vega {

ClipBuffer::ClipBuffer(int length, int stride) : length_(length), stride_(stride) {
  if (length < 1 || stride < 1) {
    throw Error(
        "a clip of " + std::to_string(length) + " frames at a stride of " + std::to_string(stride),
        "both must be 1 or more");
  }
  ring_.resize(size_t(length - 1) * stride + 1);
}

void ClipBuffer::Push(Image frame) { ring_[count_++ % ring_.size()] = std::move(frame); }

std::vector<Image> ClipBuffer::Frames() const {
  if (count_ == 0) throw Error("a clip was asked for before the first frame");
  std::vector<Image> frames(length_);
  for (int i = 0; i < length_; ++i) {
    const int64_t step = count_ - 1 - int64_t{length_ - 1 - i} * stride_;
    frames[i] = ring_[std::max<int64_t>(step, 0) % ring_.size()];
  }
  return frames;
}

}  // namespace vega
