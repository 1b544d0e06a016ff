// Latents of a clip that grows: only new frames are encoded.
//
// The VAE is causal, so what it has encoded stays as it is; VaeCache carries what the next frames
// need of it. The dial `tolerance` trades exactness for work: new frames that look like those last
// encoded, everywhere, are not encoded at all and take over their latents.
//
//   tolerance 0   every new frame is encoded: bit-equal to encoding the whole clip anew
//   tolerance x   frames are skipped while no tile of 8x8 pixels differs by more than x from the
//                 last frame that was encoded, and at most max_stale pieces in a row

#pragma once

#include <cstdint>

#include "agent/video_vae.h"

namespace vega {

struct LatentStreamOptions {
  double tolerance = 0;   // mean absolute difference of a tile, pixels in [-1,1]; >= 0
  int64_t max_stale = 8;  // pieces in a row that may be skipped, >= 0
};

// What a stream has done, and how old its newest latents are.
struct LatentStreamReport {
  int64_t pieces = 0;     // pushed
  int64_t encoded = 0;    // of these
  int64_t stale = 0;      // pieces since the last encoded one
  double difference = 0;  // of the newest piece: its largest tile's, from the last encoded frame
};

// One camera's clip. To be used by one thread at a time; the VAE may be shared.
class LatentStream {
 public:
  // Throws Error on options out of range.
  LatentStream(VideoVae vae, const LatentStreamOptions& options);

  // pixels [B,3,n,H,W] in [-1,1] of the next frames, n = 1 first and then a multiple of four (of
  // the VAE's temporal stride) -> their latents [B,C,n',h,w]. Throws Error on another shape or
  // number.
  at::Tensor Push(const at::Tensor& pixels);
  const LatentStreamReport& report() const { return report_; }

 private:
  // the largest tile's mean difference of any of the frames from the last one encoded
  double Difference(const at::Tensor& pixels) const;

  VideoVae vae_;
  LatentStreamOptions options_;
  LatentStreamReport report_;
  VaeCache cache_;
  at::Tensor frame_;   // [B,3,1,H,W] last encoded
  at::Tensor latent_;  // [B,C,1,h,w] of it
};

}  // namespace vega
