// Copying between multisampled buffers.

#include "sim/gl/still_layer.h"

#include <GL/gl.h>
#include <GL/glext.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/gl/gl_hooks.h"

namespace vega {
namespace {

constexpr size_t kLayers = 4;

struct Gl {
  static const Gl& Get() {
    static const Gl gl;
    return gl;
  }

  PFNGLGENFRAMEBUFFERSPROC gen_frames = LoadGl<PFNGLGENFRAMEBUFFERSPROC>("glGenFramebuffers");
  PFNGLDELETEFRAMEBUFFERSPROC delete_frames =
      LoadGl<PFNGLDELETEFRAMEBUFFERSPROC>("glDeleteFramebuffers");
  PFNGLBINDFRAMEBUFFERPROC bind_frame = LoadGl<PFNGLBINDFRAMEBUFFERPROC>("glBindFramebuffer");
  PFNGLBLITFRAMEBUFFERPROC blit = LoadGl<PFNGLBLITFRAMEBUFFERPROC>("glBlitFramebuffer");
  PFNGLGENRENDERBUFFERSPROC gen_buffers = LoadGl<PFNGLGENRENDERBUFFERSPROC>("glGenRenderbuffers");
  PFNGLDELETERENDERBUFFERSPROC delete_buffers =
      LoadGl<PFNGLDELETERENDERBUFFERSPROC>("glDeleteRenderbuffers");
  PFNGLBINDRENDERBUFFERPROC bind_buffer = LoadGl<PFNGLBINDRENDERBUFFERPROC>("glBindRenderbuffer");
  PFNGLRENDERBUFFERSTORAGEMULTISAMPLEPROC store =
      LoadGl<PFNGLRENDERBUFFERSTORAGEMULTISAMPLEPROC>("glRenderbufferStorageMultisample");
  PFNGLGETRENDERBUFFERPARAMETERIVPROC get =
      LoadGl<PFNGLGETRENDERBUFFERPARAMETERIVPROC>("glGetRenderbufferParameteriv");
  PFNGLFRAMEBUFFERRENDERBUFFERPROC attach =
      LoadGl<PFNGLFRAMEBUFFERRENDERBUFFERPROC>("glFramebufferRenderbuffer");
};

template <typename T>
bool Same(const std::vector<T>& a, const T* b, size_t size) {
  return a.size() == size && (size == 0 || std::memcmp(a.data(), b, size * sizeof(T)) == 0);
}

}  // namespace

StillLayer::StillLayer(const mjrContext& context, int camera, int height, int width)
    : context_(context), camera_(camera), height_(height), width_(width) {}

StillLayer::~StillLayer() {
  for (const Frame& frame : {layer_, aside_}) {
    if (frame.frame == 0) continue;
    Gl::Get().delete_frames(1, &frame.frame);
    Gl::Get().delete_buffers(2, frame.buffers);
  }
}

bool StillLayer::Settled(const std::vector<mjvGeom>& still, const mjvScene& scene) {
  const auto lights = static_cast<size_t>(scene.nlight);
  if (Same(still, still_.data(), still_.size()) && Same(lights_, scene.lights, lights) &&
      Same(cameras_, scene.camera, 2)) {
    return true;
  }
  still_ = still;
  lights_.assign(scene.lights, scene.lights + lights);
  cameras_.assign(scene.camera, scene.camera + 2);
  filled_ = false;
  return false;
}

void StillLayer::Fill() {
  Make(layer_);
  Copy(context_.offFBO, layer_.frame, {0, 0, width_, height_});
  filled_ = true;
}

void StillLayer::Restore() const { Copy(layer_.frame, context_.offFBO, {0, 0, width_, height_}); }

void StillLayer::PutAside(const std::array<int, 4>& part) {
  Make(aside_);
  Copy(context_.offFBO, aside_.frame, part);
}

void StillLayer::PutBack(const std::array<int, 4>& part) const {
  Copy(aside_.frame, context_.offFBO, part);
}

void StillLayer::Make(Frame& made) const {
  if (made.frame != 0) return;
  const Gl& gl = Gl::Get();
  gl.gen_frames(1, &made.frame);
  gl.bind_frame(GL_FRAMEBUFFER, made.frame);
  gl.gen_buffers(2, made.buffers);
  const std::pair<GLuint, GLenum> parts[] = {
      {context_.offColor, GL_COLOR_ATTACHMENT0},
      {context_.offDepthStencil, GL_DEPTH_STENCIL_ATTACHMENT}};
  for (int i = 0; i < 2; ++i) {
    GLint format = 0, samples = 0;  // as MuJoCo has them
    gl.bind_buffer(GL_RENDERBUFFER, parts[i].first);
    gl.get(GL_RENDERBUFFER, GL_RENDERBUFFER_INTERNAL_FORMAT, &format);
    gl.get(GL_RENDERBUFFER, GL_RENDERBUFFER_SAMPLES, &samples);
    gl.bind_buffer(GL_RENDERBUFFER, made.buffers[i]);
    gl.store(GL_RENDERBUFFER, samples, static_cast<GLenum>(format), width_, height_);
    gl.attach(GL_FRAMEBUFFER, parts[i].second, GL_RENDERBUFFER, made.buffers[i]);
  }
}

void StillLayer::Copy(unsigned int from, unsigned int to, const std::array<int, 4>& part) const {
  const Gl& gl = Gl::Get();
  const int right = part[0] + part[2], top = part[1] + part[3];
  FinishDrawing();
  gl.bind_frame(GL_READ_FRAMEBUFFER, from);
  gl.bind_frame(GL_DRAW_FRAMEBUFFER, to);
  gl.blit(part[0], part[1], right, top, part[0], part[1], right, top,
          GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT, GL_NEAREST);
  gl.bind_frame(GL_FRAMEBUFFER, context_.offFBO);
  FinishDrawing();
}

StillLayer& StillLayers::Find(int camera, int height, int width) {
  const auto found = std::find_if(layers_.begin(), layers_.end(), [&](const StillLayer& layer) {
    return layer.Is(camera, height, width);
  });
  if (found != layers_.end()) {
    layers_.splice(layers_.begin(), layers_, found);
  } else {
    if (layers_.size() >= kLayers) layers_.pop_back();
    layers_.emplace_front(context_, camera, height, width);
  }
  return layers_.front();
}

}  // namespace vega
