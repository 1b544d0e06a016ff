// What stands still before a camera, drawn once and kept.
//
// Arena, table and fixtures do not move during an episode, nor does the front camera, and half of a
// picture's time goes into them. Their samples, colour and depth, are kept aside and put back at
// the begin of each picture.

#pragma once

#include <mujoco/mujoco.h>

#include <array>
#include <list>
#include <vector>

namespace vega {

// The samples of one camera's picture without what moves.
class StillLayer {
 public:
  // Of a picture of this size in the offscreen buffer of `context`, which is current.
  StillLayer(const mjrContext& context, int camera, int height, int width);
  ~StillLayer();
  StillLayer(const StillLayer&) = delete;
  StillLayer& operator=(const StillLayer&) = delete;

  bool Is(int camera, int height, int width) const {
    return camera_ == camera && height_ == height && width_ == width;
  }
  // Whether the layer was asked for the same geoms, seen from the same place in the same light, the
  // last time too; else it is empty from now on.
  bool Settled(const std::vector<mjvGeom>& still, const mjvScene& scene);
  bool filled() const { return filled_; }
  // Copies the offscreen buffer's samples here, and back.
  void Fill();
  void Restore() const;
  // The same with a part of the picture that changes, kept apart until it is put back.
  void PutAside(const std::array<int, 4>& part);
  void PutBack(const std::array<int, 4>& part) const;

 private:
  // 0 until it is needed
  struct Frame {
    unsigned int frame = 0, buffers[2] = {};  // colour; depth and stencil
  };
  void Make(Frame& frame) const;
  void Copy(unsigned int from, unsigned int to, const std::array<int, 4>& part) const;

  const mjrContext& context_;
  int camera_, height_, width_;
  Frame layer_, aside_;
  bool filled_ = false;
  std::vector<mjvGeom> still_;
  std::vector<mjvLight> lights_;
  std::vector<mjvGLCamera> cameras_;
};

// The layers of one model.
class StillLayers {
 public:
  explicit StillLayers(const mjrContext& context) : context_(context) {}
  // The least recently used makes room.
  StillLayer& Find(int camera, int height, int width);

 private:
  const mjrContext& context_;
  std::list<StillLayer> layers_;  // most recently used first
};

}  // namespace vega
