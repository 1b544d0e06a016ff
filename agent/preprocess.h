// Pictures to what the encoders read, and token grids to token grids.

#pragma once

#include <ATen/core/Tensor.h>

namespace vega {

// frames [B,T,H,W,3] u8 -> pixels [B,3,T,height,width] in [-1,1]: scaled to cover the new size
// (bilinear, no antialiasing), then cropped at the centre, as VEGA-3D does. A square size keeps all
// of a square picture. Throws Error on another shape or dtype.
at::Tensor FramesToPixels(const at::Tensor& frames, int64_t height, int64_t width);

// pixels [B,3,H,W] -> [B,3,size,size]: the whole region, stretched (bilinear).
at::Tensor ResizeRegion(const at::Tensor& pixels, int64_t size);

// tokens [B,h*w,D] of a grid h x w, row by row -> [B,G*G,D], averaged over the cells of the grid.
at::Tensor PoolTokens(const at::Tensor& tokens, int64_t h, int64_t w, int64_t grid);

// tokens [B,g*g,D] -> [B,G*G,D], interpolated (bilinear), as VEGA-3D does with semantic tokens.
at::Tensor ResizeTokens(const at::Tensor& tokens, int64_t grid);

}  // namespace vega
