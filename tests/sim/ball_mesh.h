// A mesh of many triangles.

#pragma once

#include <cmath>
#include <string>

namespace vega {

// MJCF of the mesh "ball": 2 x 64 x 32 faces, one metre across.
inline std::string BallMesh() {
  std::string vertices, faces;
  constexpr int kAround = 64, kUp = 32;
  for (int i = 0; i <= kUp; ++i) {
    for (int j = 0; j < kAround; ++j) {
      const double polar = M_PI * (i + 0.01) / (kUp + 0.02), angle = 2 * M_PI * j / kAround;
      for (const double x : {std::sin(polar) * std::cos(angle), std::sin(polar) * std::sin(angle),
                             std::cos(polar)}) {
        vertices += std::to_string(0.5 * x) + " ";
      }
    }
  }
  for (int i = 0; i < kUp; ++i) {
    for (int j = 0; j < kAround; ++j) {
      const int a = i * kAround + j, b = i * kAround + (j + 1) % kAround;
      for (const int v : {a, a + kAround, b, b, a + kAround, b + kAround}) {
        faces += std::to_string(v) + " ";
      }
    }
  }
  return "<mesh name='ball' vertex='" + vertices + "' face='" + faces + "'/>";
}

}  // namespace vega
