// Latents of a camera's clips as time goes on: only what is new is encoded.
//
// A clip is encoded in pieces, its first frame and then four at a time, and the VAE is causal: a
// piece's latents depend on its own frames and on those before them. A stream keeps the pieces of
// the last clip with their latents, and what the frames after its last piece need (VaeCache). The
// dial `tolerance` trades exactness for work:
//
//   tolerance 0   a piece is taken over where it and all frames before it are those of the last
//                 clip: bit-equal to encoding the clip anew. Saves work for clips that grow and
//                 where nothing moves
//   tolerance x   a piece takes over the latents of a known one that looks like it: no tile of 8x8
//                 pixels differs by more than x, whatever lay before it. Saves work also for clips
//                 that slide and scenes that hardly move; not exact

#pragma once

#include <cstdint>
#include <vector>

#include "agent/video_vae.h"

namespace vega {

struct LatentStreamOptions {
  double tolerance = 0;   // mean absolute difference of a tile, pixels in [-1,1]; >= 0
  int64_t max_stale = 8;  // clips in a row that may use a piece's latents in place of like ones
};

// What a stream has done, and how far from exact its newest latents may be.
struct LatentStreamReport {
  int64_t clips = 0;
  int64_t pieces = 0;     // of all clips
  int64_t encoded = 0;    // of these
  int64_t stale = 0;      // of the newest clip: how often its oldest piece was taken for a like one
  double difference = 0;  // of the newest clip: the largest tile's, of pieces taken over
};

// One camera's clips, or those of several as one. To be used by one thread at a time.
class LatentStream {
 public:
  // Throws Error on options out of range.
  explicit LatentStream(const LatentStreamOptions& options);

  // pixels [B,3,T,H,W] in [-1,1], T = 1 + 4n (of the VAE's temporal stride) -> latents
  // [B,C,t,h,w], as VideoVae's Encode. A clip of another size begins anew. Throws Error on another
  // shape or number.
  at::Tensor Encode(VideoVae& vae, const at::Tensor& pixels);
  // Forgets all clips.
  void Reset();
  const LatentStreamReport& report() const { return report_; }
  const LatentStreamOptions& options() const { return options_; }

 private:
  static constexpr int64_t kNone = -1;
  struct Piece {
    at::Tensor pixels;   // [B,3,1 or 4,H,W] that were encoded
    at::Tensor latents;  // [B,C,1,h,w]
    int64_t stale = 0;   // clips since, in which like ones took these latents
    int64_t id = kNone;
  };
  struct Clip {
    std::vector<Piece> pieces;
    VaeCache cache;  // what follows the piece of this id
    int64_t cache_id = kNone;
  };

  // The known piece that the next piece of a clip may take over, or null.
  const Piece* Find(const at::Tensor& pixels, const std::vector<Piece>& clip, int64_t tile,
                    double& difference) const;
  // Encodes a clip's pieces from `begin` to the last it has so far; all of them where what lies
  // before is not at hand.
  void EncodeFrom(VideoVae& vae, const at::Tensor& pixels, size_t begin, Clip& clip);

  LatentStreamOptions options_;
  LatentStreamReport report_;
  Clip last_;
  int64_t next_id_ = 0;
};

}  // namespace vega
