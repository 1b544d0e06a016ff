// The headless renderer: MuJoCo's own OpenGL pictures, as LIBERO's evaluators see them.

#pragma once

#include <mujoco/mujoco.h>

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/depth_view.h"
#include "sim/egl_context.h"
#include "sim/gl/mesh_painter.h"
#include "sim/gl/still_layer.h"
#include "sim/gl/texture_pool.h"
#include "sim/model.h"
#include "sim/render_model.h"
#include "sim/render_quality.h"
#include "sim/renderer.h"

namespace vega {

struct EglRendererOptions {
  RenderQuality quality = RenderQuality::kExact;
  int max_models = 2;  // models whose meshes and textures are kept on the GL side, >= 1
  bool plain = false;  // let MuJoCo draw all there is by itself: slower, same pixels
  // The context stays current from the first picture on, which spares drivers a switch a picture;
  // what it is worth is open, docs/GPU.md. One thread must draw, and end the renderer too.
  bool one_thread = false;
};

// Draws with the settings of robosuite's offscreen context (utils/binding_utils.py): collision
// geoms (group 0) hidden, 1000 geoms at most, 4 samples a pixel. Geoms outside the view are not
// drawn, which changes no pixel; in fast quality each mesh is drawn by the coarsest version that is
// off by less than a fraction of a pixel from where the camera is.
// Serves scenes of any number of models; the least recently drawn are dropped from the GL side. To
// be used by one thread at a time, any thread unless the options name one.
class EglRenderer : public Renderer {
 public:
  // Throws Error when the machine has no usable OpenGL.
  explicit EglRenderer(EglRendererOptions options = {});
  ~EglRenderer() override;

  Image Render(const Scene& scene, const std::string& camera, int height, int width) override;
  // As Render, of any MuJoCo camera, with depth and the camera's place. Collision geoms, hidden in
  // the picture, have no depth either.
  DepthView RenderDepth(const Scene& scene, const mjvCamera& camera, int height, int width);
  // (height x width) The geom that each pixel of a camera's picture shows, -1 where there is none;
  // collision geoms and sites are not looked at. Without the picture itself, which costs more.
  std::vector<int> RenderGeoms(const Scene& scene, const std::string& camera, int height,
                               int width);
  const std::string& name() const override { return context_.renderer(); }
  RenderQuality quality() const override { return options_.quality; }
  bool software() const override;

 private:
  // What is uploaded for one model.
  struct Upload {
    std::weak_ptr<const mjModel> model;
    RenderModel drawn;  // holds pointers into *model, not used once that is gone
    mjrContext context;
    mjvScene scene;
    TexturePool* textures;                 // null: MuJoCo has its own
    std::unique_ptr<MeshPainter> painter;  // null: MuJoCo draws its meshes itself
    std::unique_ptr<StillLayers> layers;   // where there is a painter

    // paint: whether meshes are drawn by a painter
    Upload(const ModelPtr& model, RenderQuality quality, bool paint, TexturePool* textures,
           int height, int width);
    ~Upload();
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;
  };
  Upload& Find(const ModelPtr& model, int height, int width);
  // needs the context bound
  Image Draw(const Scene& scene, mjvCamera camera, int height, int width);
  // What Draw draws, up to drawing it. Needs the context bound.
  Upload& Compose(const Scene& scene, mjvCamera camera, const mjvOption& option, int height,
                  int width);
  // camera: the model's, -1: none of them
  void DrawScene(Upload& upload, int camera, int height, int width);
  // draws what moves over what stands still; false, and nothing is drawn, where that cannot be told
  // apart
  static bool DrawOverStill(Upload& upload, int camera, int height, int width);
  void CheckGl() const;
  EglContext::Binding Bind();

  EglRendererOptions options_;
  EglContext context_;
  std::optional<EglContext::Binding> kept_;  // see EglRendererOptions::one_thread
  TexturePool textures_;
  std::list<Upload> uploads_;  // most recently drawn first
};

}  // namespace vega
