#include "tasks/evaluation/video.h"

extern "C" {
#include <libavformat/avformat.h>
}

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <vector>

#include "sim/base/error.h"

namespace vega {
namespace {

namespace fs = std::filesystem;

Image Grey(int size, uint8_t value) {
  return {size, size, std::vector<uint8_t>(static_cast<size_t>(size) * size * 3, value)};
}

// seconds, as a player reads it
double Duration(const fs::path& file) {
  AVFormatContext* format = nullptr;
  REQUIRE(avformat_open_input(&format, file.c_str(), nullptr, nullptr) == 0);
  REQUIRE(avformat_find_stream_info(format, nullptr) >= 0);
  const AVStream& stream = *format->streams[0];
  const double seconds = stream.duration * av_q2d(stream.time_base);
  CHECK(stream.nb_frames == 10);
  avformat_close_input(&format);
  return seconds;
}

TEST_CASE("a video appears whole when it is finished, and not before") {
  const fs::path file = fs::temp_directory_path() / "vega_video_test.mp4";
  fs::remove(file);
  {
    VideoWriter video(file, 62, 31);  // odd height is padded
    for (int i = 0; i < 10; ++i) {
      const std::vector<Image> frames = {Grey(31, 20 * i), Grey(31, 255)};
      video.Add(frames);
    }
    CHECK_FALSE(fs::exists(file));
    video.Finish();
  }
  REQUIRE(fs::exists(file));
  CHECK(Duration(file) == Approx(10 / 20.0));
  std::ifstream stream(file, std::ios::binary);
  std::string start(8, '\0');
  stream.read(start.data(), 8);
  CHECK(start.substr(4) == "ftyp");
  fs::remove(file);
}

TEST_CASE("an unfinished video leaves nothing behind") {
  const fs::path file = fs::temp_directory_path() / "vega_video_torn.mp4";
  { VideoWriter video(file, 32, 32); }
  CHECK_FALSE(fs::exists(file));
  CHECK_FALSE(fs::exists(file.string() + ".part"));
}

TEST_CASE("a video in a folder that does not exist is refused") {
  CHECK_THROWS_AS(VideoWriter("/nowhere/at/all.mp4", 32, 32), Error);
}

}  // namespace
}  // namespace vega
