// Two renderers of the processor that draw the cameras of one moment at once.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/egl_renderer.h"

namespace vega {

// Software OpenGL places corners on the thread that calls and fills triangles on threads of its
// own, one after the other: a single picture leaves a core idle half of the time. Here every second
// camera is drawn by a second renderer on another thread. Same pixels, twice the memory.
class SideBySideRenderer : public Renderer {
 public:
  // `even` draws the first camera and every second after it; the other is opened alike, for any
  // thread. Throws Error as EglRenderer.
  SideBySideRenderer(std::unique_ptr<EglRenderer> even, EglRendererOptions options);

  Image Render(const Scene& scene, const std::string& camera, int height, int width) override;
  std::vector<Image> RenderAll(const Scene& scene, const std::vector<std::string>& cameras,
                               int height, int width) override;
  const std::string& name() const override { return even_->name(); }
  RenderQuality quality() const override { return even_->quality(); }
  bool software() const override { return even_->software(); }

 private:
  std::unique_ptr<EglRenderer> even_;
  EglRenderer odd_;
};

// A renderer for one of `sharers` that draw at the same time: two side by side where the processor
// draws and has two cores for each of them, else one. Throws Error as EglRenderer.
std::unique_ptr<Renderer> MakeRenderer(const EglRendererOptions& options, int sharers);

}  // namespace vega
