// Draws a model's meshes, in place of MuJoCo's display lists, without the triangles that change
// nothing.

#pragma once

#include <mujoco/mujoco.h>

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "sim/gl/gl_hooks.h"
#include "sim/gl/visible_triangles.h"

namespace vega {

// Meshes are taken from MuJoCo as it would compile them, each when it is first drawn. All functions
// but the constructor need the context they are used with current.
class MeshPainter : public GlListener {
 public:
  // Meshes of `model`, whose lists `context` numbers. Both must outlive the painter.
  MeshPainter(const mjModel& model, const mjrContext& context);
  ~MeshPainter() override;

  enum class Extent {
    kAll,     // over nothing
    kOver,    // over what is in the buffer
    kMirror,  // the mirror's part of the buffer anew, and a few pixels around it
  };
  // Before MuJoCo draws the scene to a viewport of this size.
  void Begin(const mjvScene& scene, int height, int width, Extent extent = Extent::kAll);
  // What is whole after kMirror: x, y, width, height.
  const std::array<int, 4>& mirror_part() const { return mirror_part_; }
  bool CallList(unsigned int list) override;
  bool Clear() override { return extent_ == Extent::kOver; }
  const std::array<int, 4>* Scissor() const override {
    return extent_ == Extent::kMirror ? &scissor_ : nullptr;
  }
  const std::array<int, 4>* MirrorScissor() const override {
    return whole_ || extent_ == Extent::kMirror ? nullptr : &mirror_scissor_;
  }

 private:
  struct Mesh;
  const Mesh& Find(int mesh);
  void Draw(const Mesh& mesh, std::span<const uint32_t> corners);

  const mjModel& model_;
  const mjrContext& context_;
  std::map<int, std::unique_ptr<Mesh>> meshes_;  // by number
  std::vector<SamplePoint> samples_;             // of the offscreen buffer
  TriangleView view_{};
  PixelRect mirror_{};  // what may show mirrored things
  bool whole_ = false;  // draw all triangles
  Extent extent_ = Extent::kAll;
  std::array<int, 4> mirror_part_{}, scissor_{}, mirror_scissor_{};
  TriangleFilter filter_;
};

}  // namespace vega
