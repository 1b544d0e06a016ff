// The letters of every shape comment in agent/ and policies/, and the check modules make of them.
//
//   B batch (cameras, frames or environments)   C channels, latent or feature
//   T frames of a clip                          t latent frames, t = 1 + (T - 1) / 4
//   H, W pixels                                 h, w latent grid
//   N tokens (patches)                          D width of a token
//   L words of a text                           M heads, d = D / M width of a head
//   G side of the pooled token grid, N = G * G  K chunk length
//   P proprio entries                           A action entries
//
// A shape reads [B,N,D]; dtype f32 unless said otherwise.

#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace vega {

// "[2,64,96]"
std::string ShapeText(at::IntArrayRef shape);

// Checks a tensor at a module's boundary; a negative entry stands for any size. Throws Error naming
// `what`, the shape wanted (as `letters`, e.g. "[B,T,H,W,3]") and the shape found.
void RequireShape(const at::Tensor& tensor, std::initializer_list<int64_t> shape,
                  std::string_view what, std::string_view letters);

}  // namespace vega
