// Pictures to an MP4 file, with libav.

#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "sim/image.h"

namespace vega {

// Writes H.264 where libav has an encoder for it, else MPEG-4. The file appears under its name when
// Finish returns; without Finish nothing is left.
class VideoWriter {
 public:
  // width and height in pixels, rounded up to even ones. Throws Error when the file cannot be made.
  VideoWriter(const std::filesystem::path& file, int width, int height, int frames_per_second = 20);
  ~VideoWriter();
  VideoWriter(const VideoWriter&) = delete;
  VideoWriter& operator=(const VideoWriter&) = delete;

  // One frame: pictures of equal height side by side, together as wide as the video. Throws Error.
  void Add(std::span<const Image> side_by_side);
  // Throws Error, e.g. when the disk is full.
  void Finish();

 private:
  struct Encoder;
  std::unique_ptr<Encoder> encoder_;
};

}  // namespace vega
