// Tokens as pictures: principal components, norms, gates and matches, laid over what the camera
// saw.

#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "agent/probe/cell_points.h"
#include "agent/probe/score_types.h"
#include "sim/image.h"

namespace vega {

// The first three principal components of all tokens together, [...,D] -> [...,3]. A component's
// sign is fixed: its entry of largest magnitude is positive. Components a cloud of tokens does not
// have are 0.
at::Tensor PrincipalComponents(const at::Tensor& tokens);

// [...,N,C] or [...,N] to bytes: each channel stretched so that its 1st and 99th percentile over
// all tokens become 0 and 255.
at::Tensor StretchToBytes(const at::Tensor& values);

// colours [h,w,3] u8, or [N,3] of a square grid, blown up to the picture's size with hard edges and
// mixed with it; opacity 1 shows the colours alone. Throws Error when N is no square.
Image Overlay(const Image& picture, const at::Tensor& colours, double opacity = 0.6);

// Values in [0,1], [N], to a blue-white-red scale, [N,3] u8: 0 blue, 0.5 white, 1 red.
at::Tensor GateColours(const at::Tensor& gate);
// Bytes [N] to a dark-to-bright scale, [N,3] u8.
at::Tensor HeatColours(const at::Tensor& bytes);

// [H,W,3] u8 to an Image and back.
Image ToImage(const at::Tensor& pixels);
at::Tensor ToTensor(const Image& image);

// A region as a picture of its own.
Image CutRegion(const Image& image, const PictureRegion& region);

// Pictures side by side, all of one height.
Image SideBySide(const std::vector<Image>& pictures);

// Writes NAME_pca.png (principal components, all frames together), NAME_norm.png (lengths of
// tokens) and, where `gate` [F,N,C] is given, NAME_gate.png (mean over C) of tokens [F,h,w,D], or
// [F,N,D] of a square grid, laid over F pictures, side by side. Makes the folder. Throws Error
// when a file cannot be written.
void WriteTokenPictures(const std::filesystem::path& folder, const std::string& name,
                        const std::vector<Image>& pictures, const at::Tensor& tokens,
                        const at::Tensor& gate);

// Two pictures side by side, `scale` times as large, with a line for each match between the middles
// of its cells: green where it is right, red where it is not.
Image MatchPicture(const Image& a, const Image& b, const std::vector<CellMatch>& matches, int grid,
                   int scale);

}  // namespace vega
