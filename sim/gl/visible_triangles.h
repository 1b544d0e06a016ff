// Of a mesh's triangles, those that can change a picture.
//
// A mesh of a scene has a hundred thousand triangles and a picture sixteen thousand pixels: most
// triangles look away, lie outside, or fall between the points at which pixels are sampled. Where
// the processor draws, each costs a hundred times what it costs to see that here. What is left out
// would not have touched a sample, so no pixel changes; what is in doubt stays.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace vega {

// A mesh by distinct positions.
struct TriangleMesh {
  std::vector<float> x, y, z;          // (positions) m
  std::vector<uint32_t> position;      // (3 x triangles)
  std::vector<uint32_t> vertex;        // (3 x triangles) what a selected corner is called
  std::array<float, 3> low{}, high{};  // m, the box that holds it

  size_t triangles() const { return position.size() / 3; }
};

// Pixels, x to the right, y up.
struct PixelRect {
  float left, bottom, right, top;
};

struct SamplePoint {
  float x, y;  // within a pixel, from its lower left corner
};

struct TriangleView {
  std::array<float, 16> clip;  // from the mesh's frame to OpenGL's clip space, by columns
  std::array<float, 4>
      beyond;         // a plane of the mesh's frame; nothing shows where a x + b y + c z + d < 0
  int width, height;  // pixels of the viewport
  PixelRect shown;    // nothing shows outside
  bool mirrored = false;  // clockwise is front
  bool one_sided = true;  // triangles that look away are not drawn
  std::span<const SamplePoint> samples;
};

class TriangleFilter {
 public:
  // The vertices of triangles that may touch a sample, three each, in the mesh's order. Valid until
  // the next call.
  std::span<const uint32_t> Select(const TriangleMesh& mesh, const TriangleView& view);

 private:
  struct Projected {
    float x, y;  // pixels
  };
  void Project(const TriangleMesh& mesh, const TriangleView& view);

  std::vector<Projected> projected_;  // (positions)
  std::vector<uint8_t> beyond_;       // (positions) a bit for each plane it lies beyond
  std::vector<uint32_t> selected_;
};

}  // namespace vega
