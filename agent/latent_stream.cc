// Which pieces of a clip are encoded, and with what history.

#include "agent/latent_stream.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/shapes.h"
#include "sim/base/error.h"

namespace vega {
namespace {

// the largest tile's mean absolute difference, of any frame
double TileDifference(const at::Tensor& a, const at::Tensor& b, int64_t tile) {
  const at::Tensor difference = (a - b).abs().mean(1);  // [B,n,H,W]
  return at::avg_pool2d(difference, {tile, tile}).max().item<double>();
}

// frame 0, or the next `stride` frames of a clip [B,3,T,H,W]
at::Tensor PieceOf(const at::Tensor& pixels, size_t index, int64_t stride) {
  const auto i = static_cast<int64_t>(index);
  return i == 0 ? pixels.narrow(2, 0, 1) : pixels.narrow(2, 1 + (i - 1) * stride, stride);
}

}  // namespace

LatentStream::LatentStream(const LatentStreamOptions& options) : options_(options) {
  if (!(options.tolerance >= 0) || options.max_stale < 0) {
    throw Error(fmt::format("no latent stream of tolerance {} and {} stale clips",
                            options.tolerance, options.max_stale),
                "both are 0 or more");
  }
}

void LatentStream::Reset() { last_ = {}; }

const LatentStream::Piece* LatentStream::Find(const at::Tensor& pixels,
                                              const std::vector<Piece>& clip, int64_t tile,
                                              double& difference) const {
  if (options_.tolerance == 0) {
    // the clip holds known pieces only so far: all that lies before is the same
    const size_t index = clip.size();
    const bool same = index < last_.pieces.size() && last_.pieces[index].pixels.equal(pixels);
    return same ? &last_.pieces[index] : nullptr;
  }
  const Piece* best = nullptr;
  const auto consider = [&](const Piece& piece) {
    if (piece.pixels.sizes() != pixels.sizes()) return;
    const double d = TileDifference(pixels, piece.pixels, tile);
    if (d > options_.tolerance || (d > 0 && piece.stale >= options_.max_stale)) return;
    if (best == nullptr || d < difference) best = &piece, difference = d;
  };
  for (const Piece& piece : last_.pieces) consider(piece);
  for (const Piece& piece : clip) consider(piece);
  return best;
}

void LatentStream::EncodeFrom(VideoVae& vae, const at::Tensor& pixels, size_t begin, Clip& clip) {
  const bool alone = pixels.size(2) == 1;  // it needs no history, and leaves none
  if (begin > 0 && clip.pieces[begin - 1].id != clip.cache_id) {
    // not after what was encoded last: after the last clip's end, or else all again
    const bool end = clip.pieces[begin - 1].id == last_.cache_id;
    clip.cache = end ? last_.cache : VaeCache();
    if (!end) begin = 0;
  } else if (begin == 0) {
    clip.cache = {};
  }
  clip.cache.last = alone;
  for (size_t i = begin; i < clip.pieces.size(); ++i) {
    const at::Tensor own = PieceOf(pixels, i, vae->temporal_stride());
    clip.pieces[i] = {own.clone(), vae->EncodePiece(own, clip.cache), 0, next_id_++};
    ++report_.encoded;
  }
  clip.cache_id = alone ? kNone : clip.pieces.back().id;
}

at::Tensor LatentStream::Encode(VideoVae& vae, const at::Tensor& pixels) {
  RequireShape(pixels, {-1, 3, -1, -1, -1}, "pixels", "[B,3,T,H,W]");
  const int64_t stride = vae->temporal_stride(), length = pixels.size(2);
  if (length < 1 || (length - 1) % stride != 0) {
    throw Error(fmt::format("a stream's clip cannot have {} frames", length),
                fmt::format("1 + {} n", stride));
  }
  const bool exact = options_.tolerance == 0;
  if (!last_.pieces.empty() &&
      last_.pieces[0].pixels.select(2, 0).sizes() != pixels.select(2, 0).sizes()) {
    Reset();
  }
  ++report_.clips;
  report_.stale = 0, report_.difference = 0;
  Clip clip;
  size_t open = 0;  // exact: pieces taken over so far, while all were
  const auto count = static_cast<size_t>(1 + (length - 1) / stride);
  for (size_t i = 0; i < count; ++i) {
    const at::Tensor own = PieceOf(pixels, i, stride);
    double difference = 0;
    const Piece* known =
        exact && open < i ? nullptr : Find(own, clip.pieces, vae->spatial_stride(), difference);
    ++report_.pieces;
    clip.pieces.push_back(known == nullptr ? Piece() : Piece(*known));
    if (known != nullptr) {
      ++open;
      clip.pieces.back().stale += difference > 0;
      report_.stale = std::max(report_.stale, clip.pieces.back().stale);
      report_.difference = std::max(report_.difference, difference);
    } else if (!exact) {
      EncodeFrom(vae, pixels, i, clip);  // at once: what follows may look like it
    }
  }
  if (exact && open < count) EncodeFrom(vae, pixels, open, clip);
  // nothing was encoded: what was there goes on after its own last piece
  if (clip.cache_id == kNone && length > 1)
    clip.cache = last_.cache, clip.cache_id = last_.cache_id;
  last_ = std::move(clip);
  std::vector<at::Tensor> latents;
  for (const Piece& piece : last_.pieces) latents.push_back(piece.latents);
  return at::cat(latents, 2);  // [B,C,t,h,w]
}

}  // namespace vega
