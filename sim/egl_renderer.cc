// Uploading models, drawing a camera, reading the picture back the right way up.

#include "sim/egl_renderer.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <utility>

#include "sim/base/error.h"
#include "sim/base/mujoco_handlers.h"
#include "sim/camera.h"
#include "sim/gl/gl_hooks.h"
#include "sim/scene.h"
#include "sim/visible_geoms.h"

namespace vega {
namespace {

constexpr int kMaxGeoms = 1000;
constexpr int kMaxSide = 4096;  // pixels
constexpr TextureDetail kFastTextures = {.longest_side = 1024, .between_mipmaps = false};
constexpr double kErrorBudget = 0.2;  // pixels a simplified surface may be off

// MuJoCo loads its table of GL functions anew with each context, into memory all threads share
std::mutex& UploadMutex() {
  static std::mutex mutex;
  return mutex;
}

// GL's rows start at the bottom
template <typename T>
void FlipRows(T* rows, int height, size_t stride) {
  for (int top = 0, bottom = height - 1; top < bottom; ++top, --bottom) {
    std::swap_ranges(rows + top * stride, rows + (top + 1) * stride, rows + bottom * stride);
  }
}

void CheckSize(int height, int width) {
  if (height < 1 || width < 1 || height > kMaxSide || width > kMaxSide) {
    throw Error("a picture of " + std::to_string(height) + " x " + std::to_string(width) +
                    " pixels cannot be drawn",
                "sides go from 1 to " + std::to_string(kMaxSide));
  }
}

mjvCamera FixedCamera(const Scene& scene, const std::string& name) {
  mjvCamera camera;
  mjv_defaultFreeCamera(&scene.model(), &camera);
  camera.type = mjCAMERA_FIXED;
  camera.fixedcamid = FindCamera(scene.model(), name).id;
  return camera;
}

// The geoms behind the colours of a picture drawn by id: red, green, blue are the bytes of a
// number + 1.
std::vector<int> GeomIds(const std::vector<uint8_t>& colours, const mjvScene& scene) {
  std::map<int, int> geom_of;  // what is drawn in a colour
  for (int i = 0; i < scene.ngeom; ++i) {
    const mjvGeom& geom = scene.geoms[i];
    if (geom.segid >= 0 && geom.objtype == mjOBJ_GEOM) geom_of[geom.segid + 1] = geom.objid;
  }
  std::vector<int> ids(colours.size() / 3, -1);
  for (size_t i = 0; i < ids.size(); ++i) {
    const uint8_t* c = colours.data() + 3 * i;
    const auto found = geom_of.find(c[0] + (c[1] << 8) + (c[2] << 16));
    if (found != geom_of.end()) ids[i] = found->second;
  }
  return ids;
}

PinholeCamera Pinhole(const mjvGLCamera& gl, int height, int width) {
  PinholeCamera camera;
  camera.height = height;
  camera.width = width;
  camera.focal = double(height) * gl.frustum_near / (gl.frustum_top - gl.frustum_bottom);
  const float* f = gl.forward;
  const float* u = gl.up;
  const double right[] = {f[1] * u[2] - f[2] * u[1], f[2] * u[0] - f[0] * u[2],
                          f[0] * u[1] - f[1] * u[0]};
  for (int i = 0; i < 3; ++i) {
    camera.position[i] = gl.pos[i];
    camera.rotation[3 * i] = right[i];
    camera.rotation[3 * i + 1] = -u[i];
    camera.rotation[3 * i + 2] = f[i];
  }
  return camera;
}

// whether a geom is of a body that no joint moves, and opaque, as planes are from the front only
bool StandsStill(const mjModel& model, const mjvGeom& geom, const mjvGLCamera& camera) {
  if (geom.objtype != mjOBJ_GEOM || geom.objid < 0 || geom.objid >= model.ngeom) return false;
  float height = 1;  // of the eye over a plane
  if (geom.type == mjGEOM_PLANE) {
    height = 0;
    for (int k = 0; k < 3; ++k) height += geom.mat[3 * k + 2] * (camera.pos[k] - geom.pos[k]);
  }
  return height > 1e-3F && geom.rgba[3] >= 0.995F &&
         model.body_weldid[model.geom_bodyid[geom.objid]] == 0;
}

}  // namespace

EglRenderer::Upload::Upload(const ModelPtr& base, RenderQuality quality, bool paint,
                            TexturePool* pool, int height, int width)
    : model(base), drawn(*base, quality, height, width), textures(pool) {
  mjr_defaultContext(&context);
  mjv_defaultScene(&scene);
  const std::lock_guard lock(UploadMutex());
  mjModel uploaded = drawn.model();
  std::vector<int> no_faces(uploaded.nmesh), one_texel(uploaded.ntex, 1);
  if (paint) uploaded.mesh_facenum = no_faces.data();
  if (textures) uploaded.tex_width = uploaded.tex_height = one_texel.data();
  mjr_makeContext(&uploaded, &context, mjFONTSCALE_150);
  mjr_setBuffer(mjFB_OFFSCREEN, &context);
  if (textures) textures->Fill(drawn.model(), drawn.UsedTextures(), context);
  if (paint) {
    painter = std::make_unique<MeshPainter>(drawn.model(), context);
    layers = std::make_unique<StillLayers>(context);
  }
  mjv_makeScene(base.get(), &scene, kMaxGeoms);
}

EglRenderer::Upload::~Upload() {
  layers.reset();
  painter.reset();
  if (textures) textures->Release(context);
  mjv_freeScene(&scene);
  mjr_freeContext(&context);
}

EglRenderer::EglRenderer(EglRendererOptions options)
    : options_(options),
      textures_(options.quality == RenderQuality::kFast ? kFastTextures : TextureDetail{}) {
  InstallMujocoHandlers();
}

EglRenderer::~EglRenderer() {
  const EglContext::Binding binding(context_);
  uploads_.clear();
  textures_.Clear();
}

EglContext::Binding EglRenderer::Bind() {
  if (options_.one_thread && !kept_) kept_.emplace(context_);
  return EglContext::Binding(context_);
}

bool EglRenderer::software() const {
  constexpr std::string_view kDrawnByCpu[] = {"llvmpipe", "softpipe", "swrast", "SWR", "Software"};
  return std::any_of(std::begin(kDrawnByCpu), std::end(kDrawnByCpu),
                     [&](std::string_view part) { return name().find(part) != std::string::npos; });
}

EglRenderer::Upload& EglRenderer::Find(const ModelPtr& model, int height, int width) {
  const auto found = std::find_if(uploads_.begin(), uploads_.end(), [&](const Upload& upload) {
    return upload.model.lock() == model;
  });
  if (found != uploads_.end()) {
    uploads_.splice(uploads_.begin(), uploads_, found);
    return uploads_.front();
  }
  uploads_.remove_if([](const Upload& upload) { return upload.model.expired(); });
  while (uploads_.size() >= static_cast<size_t>(std::max(1, options_.max_models))) {
    uploads_.pop_back();
  }
  try {
    const bool paint = !options_.plain && software() && GlCallsPassHere();
    TexturePool* const textures = options_.plain ? nullptr : &textures_;
    return uploads_.emplace_front(model, options_.quality, paint, textures, height, width);
  } catch (const Error& error) {
    throw Error("\"" + name() + "\" cannot hold the scene: " + error.what(),
                "MuJoCo needs OpenGL 1.5 with ARB_framebuffer_object; see vega doctor");
  }
}

Image EglRenderer::Render(const Scene& scene, const std::string& camera, int height, int width) {
  CheckSize(height, width);
  const EglContext::Binding binding = Bind();
  return Draw(scene, FixedCamera(scene, camera), height, width);
}

std::vector<int> EglRenderer::RenderGeoms(const Scene& scene, const std::string& camera, int height,
                                          int width) {
  CheckSize(height, width);
  const EglContext::Binding binding = Bind();
  mjvOption option = VisualOptions();
  std::fill_n(option.sitegroup, mjNGROUP, 0);
  Upload& upload = Compose(scene, FixedCamera(scene, camera), option, height, width);
  const mjrRect viewport = {0, 0, width, height};
  std::vector<uint8_t> colours(size_t{3} * height * width);
  upload.scene.flags[mjRND_SEGMENT] = upload.scene.flags[mjRND_IDCOLOR] = 1;
  DrawScene(upload, -1, height, width);
  FinishDrawing();
  mjr_readPixels(colours.data(), nullptr, viewport, &upload.context);
  upload.scene.flags[mjRND_SEGMENT] = upload.scene.flags[mjRND_IDCOLOR] = 0;
  CheckGl();
  std::vector<int> geoms = GeomIds(colours, upload.scene);
  FlipRows(geoms.data(), height, width);
  return geoms;
}

DepthView EglRenderer::RenderDepth(const Scene& scene, const mjvCamera& camera, int height,
                                   int width) {
  CheckSize(height, width);
  const EglContext::Binding binding = Bind();
  DepthView view;
  view.image = Draw(scene, camera, height, width);
  Upload& upload = Find(scene.base_model(), height, width);
  const mjvGLCamera gl = mjv_averageCamera(upload.scene.camera, upload.scene.camera + 1);
  view.camera = Pinhole(gl, height, width);

  // drawn anew, flat and by id: what lights and shadows are drawn with shifts depths. Reversed
  // depth is 1 at the near plane, 0 at the far one, and precise between
  view.depth.resize(size_t(height) * width);
  const mjrRect viewport = {0, 0, width, height};
  upload.scene.flags[mjRND_SEGMENT] = upload.scene.flags[mjRND_IDCOLOR] = 1;
  upload.context.readDepthMap = mjDEPTH_ZEROFAR;
  DrawScene(upload, -1, height, width);
  std::vector<uint8_t> colours(size_t{3} * height * width);
  FinishDrawing();
  mjr_readPixels(colours.data(), view.depth.data(), viewport, &upload.context);
  upload.context.readDepthMap = mjDEPTH_ZERONEAR;
  upload.scene.flags[mjRND_SEGMENT] = upload.scene.flags[mjRND_IDCOLOR] = 0;
  CheckGl();
  FlipRows(view.depth.data(), height, width);
  view.geoms = GeomIds(colours, upload.scene);
  FlipRows(view.geoms.data(), height, width);
  const double near = gl.frustum_near, far = gl.frustum_far;
  for (float& z : view.depth) {
    z = z > 0 ? static_cast<float>(near * far / (near + z * (far - near))) : 0.0f;
  }
  return view;
}

EglRenderer::Upload& EglRenderer::Compose(const Scene& scene, mjvCamera camera,
                                          const mjvOption& option, int height, int width) {
  Upload& upload = Find(scene.base_model(), height, width);
  if (width > upload.context.offWidth || height > upload.context.offHeight) {
    mjr_resizeOffscreen(std::max(width, upload.context.offWidth),
                        std::max(height, upload.context.offHeight), &upload.context);
  }
  {
    // mjv_updateScene takes a mutable mjData for its stack; no physical quantity is written
    const std::lock_guard lock(scene.stack_mutex());
    mjv_updateScene(&scene.model(), const_cast<mjData*>(&scene.data()), &option, nullptr, &camera,
                    mjCAT_ALL, &upload.scene);
  }
  if (!options_.plain) DropInvisible(upload.scene, height, width);
  if (options_.quality == RenderQuality::kFast) {
    upload.drawn.ChooseLevels(kErrorBudget, height, upload.scene);
  }
  return upload;
}

Image EglRenderer::Draw(const Scene& scene, mjvCamera camera, int height, int width) {
  Upload& upload = Compose(scene, camera, VisualOptions(), height, width);
  const mjrRect viewport = {0, 0, width, height};
  Image image{height, width, std::vector<uint8_t>(size_t{3} * height * width)};
  DrawScene(upload, camera.type == mjCAMERA_FIXED ? camera.fixedcamid : -1, height, width);
  FinishDrawing();
  mjr_readPixels(image.pixels.data(), nullptr, viewport, &upload.context);
  CheckGl();
  FlipRows(image.pixels.data(), height, size_t{3} * width);
  return image;
}

void EglRenderer::DrawScene(Upload& upload, int camera, int height, int width) {
  const mjrRect viewport = {0, 0, width, height};
  if (!upload.painter) return mjr_render(viewport, &upload.scene, &upload.context);
  if (camera >= 0 && DrawOverStill(upload, camera, height, width)) return;
  upload.painter->Begin(upload.scene, height, width);
  const GlListening listening(*upload.painter);
  mjr_render(viewport, &upload.scene, &upload.context);
}

bool EglRenderer::DrawOverStill(Upload& upload, int camera, int height, int width) {
  mjvScene& scene = upload.scene;
  if (CastsShadows(scene)) return false;
  const mjModel& model = upload.drawn.model();
  const mjvGLCamera eye = mjv_averageCamera(scene.camera, scene.camera + 1);
  const std::vector<mjvGeom> all(scene.geoms, scene.geoms + scene.ngeom);
  std::vector<mjvGeom> still, moving;
  for (const mjvGeom& geom : all) {
    (StandsStill(model, geom, eye) ? still : moving).push_back(geom);
  }
  if (std::any_of(moving.begin(), moving.end(), Mirrors)) return false;
  StillLayer& layer = upload.layers->Find(camera, height, width);
  if (!layer.Settled(still, scene)) return false;
  const bool mirrored = std::any_of(moving.begin(), moving.end(), [&](const mjvGeom& geom) {
    return ShowsInMirror(model, scene, geom, height, width);
  });
  const PixelRect mirror = MirrorRect(scene, height, width);
  const float mirror_area = (mirror.right - mirror.left) * (mirror.top - mirror.bottom);
  if (mirrored && mirror_area > 0.3F * static_cast<float>(width * height)) return false;

  using Extent = MeshPainter::Extent;
  const mjrRect viewport = {0, 0, width, height};
  const auto draw = [&](const std::vector<mjvGeom>& geoms, Extent extent) {
    std::copy(geoms.begin(), geoms.end(), scene.geoms);
    scene.ngeom = static_cast<int>(geoms.size());
    upload.painter->Begin(scene, height, width, extent);
    const GlListening listening(*upload.painter);
    mjr_render(viewport, &scene, &upload.context);
  };
  // the layer's mirror shows nothing that moves, so the mirror's part is drawn by itself
  if (mirrored) {
    draw(all, Extent::kMirror);
    layer.PutAside(upload.painter->mirror_part());
  }
  const std::array<int, 4> mirror_part = upload.painter->mirror_part();
  if (layer.filled()) {
    layer.Restore();
  } else {
    draw(still, Extent::kAll);
    layer.Fill();
  }
  // the sky is in the layer
  const mjtByte sky = std::exchange(scene.flags[mjRND_SKYBOX], 0);
  draw(moving, Extent::kOver);
  scene.flags[mjRND_SKYBOX] = sky;
  if (mirrored) layer.PutBack(mirror_part);
  std::copy(all.begin(), all.end(), scene.geoms);
  scene.ngeom = static_cast<int>(all.size());
  return true;
}

void EglRenderer::CheckGl() const {
  if (const int code = mjr_getError()) {
    throw Error("OpenGL error " + std::to_string(code) + " on \"" + name() + "\"");
  }
}

}  // namespace vega
