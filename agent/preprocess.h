// Pictures to what the encoders read, and token grids to token grids.

#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace vega {

// What the numbers of frames mean.
enum class PixelRange {
  kBytes,      // u8, 0..255
  kUnit,       // f32, 0..1
  kSigned,     // f32, -1..1
  kPublished,  // VEGA-3D's guess from the smallest and largest number of all the frames; u8 frames
               // are first scaled to -1..1, as its image processor does
};

// "bytes", "unit", "signed", "published-guess". Throws Error.
PixelRange ParsePixelRange(const std::string& name);

// frames [B,T,H,W,3] -> pixels [B,3,T,height,width] in [-1,1]: scaled to cover the new size
// (bilinear, no antialiasing), then cropped at the centre, as VEGA-3D does. A square size keeps all
// of a square picture. Throws Error on another shape or dtype.
at::Tensor FramesToPixels(const at::Tensor& frames, int64_t height, int64_t width,
                          PixelRange range = PixelRange::kBytes);

// pixels [B,3,H,W] -> [B,3,size,size]: the whole region, stretched (bilinear).
at::Tensor ResizeRegion(const at::Tensor& pixels, int64_t size);

// tokens [B,t,h*w,D] of a grid h x w, row by row -> [B,t,G*G,D], averaged over the cells of a grid
// of G = `grid` rows and columns; as they are where `grid` is 0.
at::Tensor PoolTokens(const at::Tensor& tokens, int64_t h, int64_t w, int64_t grid);

// tokens [B,g*g,D] -> [B,G*G,D], interpolated (bilinear), as VEGA-3D does with semantic tokens.
at::Tensor ResizeTokens(const at::Tensor& tokens, int64_t grid);

}  // namespace vega
