// The renderer seam: a camera of a scene to an Image.

#pragma once

#include <string>
#include <vector>

#include "sim/image.h"
#include "sim/render_quality.h"

namespace vega {

class Scene;

class Renderer {
 public:
  virtual ~Renderer() = default;
  // Draws `camera` of the scene's current mjData (kinematics are used as they are, no forward
  // pass). Throws Error when the scene has no such camera or the picture cannot be made.
  virtual Image Render(const Scene& scene, const std::string& camera, int height, int width) = 0;
  // Draws several cameras of that moment, in their order.
  virtual std::vector<Image> RenderAll(const Scene& scene, const std::vector<std::string>& cameras,
                                       int height, int width) {
    std::vector<Image> images;
    for (const std::string& camera : cameras) {
      images.push_back(Render(scene, camera, height, width));
    }
    return images;
  }
  // GL_RENDERER as the driver states it, e.g. "llvmpipe (LLVM 15.0.6, 256 bits)".
  virtual const std::string& name() const = 0;
  // Of every picture it draws.
  virtual RenderQuality quality() const { return RenderQuality::kExact; }
  // True when pictures are drawn by the CPU.
  virtual bool software() const = 0;
};

}  // namespace vega
