// The libav calls behind VideoWriter.

#include "tasks/evaluation/video.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include <cassert>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "sim/base/error.h"

namespace vega {
namespace {

template <auto Free>
struct FreeByAddress {
  template <typename T>
  void operator()(T* p) const {
    Free(&p);
  }
};

using CodecPtr = std::unique_ptr<AVCodecContext, FreeByAddress<avcodec_free_context>>;
using FramePtr = std::unique_ptr<AVFrame, FreeByAddress<av_frame_free>>;
using PacketPtr = std::unique_ptr<AVPacket, FreeByAddress<av_packet_free>>;

struct CloseFormat {
  void operator()(AVFormatContext* format) const {
    avio_closep(&format->pb);
    avformat_free_context(format);
  }
};

struct FreeScaler {
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
};

}  // namespace

struct VideoWriter::Encoder {
  std::filesystem::path file, temporary;
  std::unique_ptr<AVFormatContext, CloseFormat> format;
  CodecPtr codec;
  FramePtr frame{av_frame_alloc()};
  PacketPtr packet{av_packet_alloc()};
  std::unique_ptr<SwsContext, FreeScaler> scaler;
  std::vector<uint8_t> rgb;  // (height, width, 3)
  int64_t count = 0;

  ~Encoder() {
    format.reset();
    std::error_code ignored;
    if (!temporary.empty()) std::filesystem::remove(temporary, ignored);
  }

  void Check(int code, const char* what) const {
    if (code >= 0) return;
    char text[AV_ERROR_MAX_STRING_SIZE] = {};
    av_strerror(code, text, sizeof text);
    throw Error(file.string() + ": cannot " + what + ": " + text,
                "check the folder and its free space, or leave out --video");
  }

  void OpenCodec(int width, int height, const VideoOptions& options) {
    const AVCodec* h264 = avcodec_find_encoder_by_name("libx264");
    const AVCodec* chosen = h264 ? h264 : avcodec_find_encoder(AV_CODEC_ID_MPEG4);
    codec.reset(chosen ? avcodec_alloc_context3(chosen) : nullptr);
    Check(codec ? 0 : AVERROR_ENCODER_NOT_FOUND, "encode video");
    codec->width = width;
    codec->height = height;
    codec->time_base = {1, options.frames_per_second};
    codec->framerate = {options.frames_per_second, 1};
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->thread_count = 1;  // workers already use the cores
    if (h264) {
      av_opt_set(codec->priv_data, "preset", "veryfast", 0);
      av_opt_set(codec->priv_data, "crf", std::to_string(options.crf).c_str(), 0);
    } else {
      codec->bit_rate = 4'000'000;
    }
    if (options.gop > 0) {
      codec->gop_size = options.gop;
      codec->max_b_frames = 0;
    }
    if (format->oformat->flags & AVFMT_GLOBALHEADER) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    Check(avcodec_open2(codec.get(), chosen, nullptr), "open the encoder");
  }

  void Open(int width, int height, const VideoOptions& options) {
    AVFormatContext* made = nullptr;
    Check(avformat_alloc_output_context2(&made, nullptr, "mp4", nullptr), "make an MP4");
    format.reset(made);
    OpenCodec(width, height, options);
    AVStream* stream = avformat_new_stream(format.get(), nullptr);
    stream->time_base = codec->time_base;
    Check(avcodec_parameters_from_context(stream->codecpar, codec.get()), "set up the stream");
    Check(avio_open(&format->pb, temporary.c_str(), AVIO_FLAG_WRITE), "write the file");
    Check(avformat_write_header(format.get(), nullptr), "write the file");
    frame->format = codec->pix_fmt;
    frame->width = width;
    frame->height = height;
    Check(av_frame_get_buffer(frame.get(), 0), "make a frame");
    scaler.reset(sws_getContext(width, height, AV_PIX_FMT_RGB24, width, height, codec->pix_fmt,
                                SWS_BILINEAR, nullptr, nullptr, nullptr));
    rgb.resize(static_cast<size_t>(width) * height * 3);
  }

  // a null frame drains the encoder
  void Encode(const AVFrame* picture) {
    Check(avcodec_send_frame(codec.get(), picture), "encode a frame");
    for (;;) {
      const int code = avcodec_receive_packet(codec.get(), packet.get());
      if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return;
      Check(code, "encode a frame");
      packet->duration = 1;  // without it the last frame is shown for no time and dropped
      av_packet_rescale_ts(packet.get(), codec->time_base, format->streams[0]->time_base);
      packet->stream_index = 0;
      Check(av_interleaved_write_frame(format.get(), packet.get()), "write the file");
    }
  }
};

VideoWriter::VideoWriter(const std::filesystem::path& file, int width, int height,
                         const VideoOptions& options)
    : encoder_(std::make_unique<Encoder>()) {
  av_log_set_level(AV_LOG_ERROR);
  encoder_->file = file;
  encoder_->temporary = file.string() + ".part";
  encoder_->Open(width + width % 2, height + height % 2, options);
}

VideoWriter::~VideoWriter() = default;

const char* VideoWriter::codec() const { return avcodec_get_name(encoder_->codec->codec_id); }

int64_t VideoWriter::frames() const { return encoder_->count; }

int64_t VideoWriter::bytes_written() const { return avio_tell(encoder_->format->pb); }

void VideoWriter::Add(std::span<const Image> side_by_side) {
  Encoder& e = *encoder_;
  const size_t stride = static_cast<size_t>(e.codec->width) * 3;
  size_t left = 0;
  for (const Image& image : side_by_side) {
    const size_t row_bytes = static_cast<size_t>(image.width) * 3;
    assert(left + row_bytes <= stride && image.height <= e.codec->height);
    for (int row = 0; row < image.height; ++row) {
      std::memcpy(&e.rgb[row * stride + left], &image.pixels[row * row_bytes], row_bytes);
    }
    left += row_bytes;
  }
  e.Check(av_frame_make_writable(e.frame.get()), "make a frame");
  const uint8_t* planes[] = {e.rgb.data()};
  const int strides[] = {static_cast<int>(stride)};
  sws_scale(e.scaler.get(), planes, strides, 0, e.codec->height, e.frame->data, e.frame->linesize);
  e.frame->pts = e.count++;
  e.Encode(e.frame.get());
}

void VideoWriter::Finish() {
  Encoder& e = *encoder_;
  e.Encode(nullptr);
  e.Check(av_write_trailer(e.format.get()), "write the file");
  avio_flush(e.format->pb);
  e.Check(e.format->pb->error, "write the file");
  e.Check(avio_closep(&e.format->pb), "write the file");
  std::filesystem::rename(e.temporary, e.file);
  e.temporary.clear();
}

}  // namespace vega
