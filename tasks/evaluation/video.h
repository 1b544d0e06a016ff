// Pictures to an MP4 file, with libav.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "sim/image.h"

namespace vega {

struct VideoOptions {
  int frames_per_second = 20;
  int crf = 20;  // x264's quality, 0 (lossless) to 51
  int gop = 0;   // frames from one that needs no other to the next; 0: as the encoder likes
};

// Writes H.264 where libav has an encoder for it, else MPEG-4. The file appears under its name when
// Finish returns; without Finish nothing is left.
class VideoWriter {
 public:
  // width and height in pixels, rounded up to even ones. Throws Error when the file cannot be made.
  VideoWriter(const std::filesystem::path& file, int width, int height,
              const VideoOptions& options = {});
  ~VideoWriter();
  VideoWriter(const VideoWriter&) = delete;
  VideoWriter& operator=(const VideoWriter&) = delete;

  // One frame: pictures of equal height side by side, together as wide as the video. Throws Error.
  void Add(std::span<const Image> side_by_side);
  // Throws Error, e.g. when the disk is full.
  void Finish();

  const char* codec() const;      // "h264" or "mpeg4"
  int64_t frames() const;         // added so far
  int64_t bytes_written() const;  // to the disk so far

 private:
  struct Encoder;
  std::unique_ptr<Encoder> encoder_;
};

}  // namespace vega
