// Recording meshes, choosing triangles, drawing them from buffers.

#include "sim/gl/mesh_painter.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <meshoptimizer.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "sim/visible_geoms.h"

namespace vega {
namespace {

// the functions this needs, as OpenGL has them
struct Gl {
  static const Gl& Get() {
    static const Gl gl;
    return gl;
  }

  PFNGLGENBUFFERSPROC gen_buffers = LoadGl<PFNGLGENBUFFERSPROC>("glGenBuffers");
  PFNGLDELETEBUFFERSPROC delete_buffers = LoadGl<PFNGLDELETEBUFFERSPROC>("glDeleteBuffers");
  PFNGLBINDBUFFERPROC bind_buffer = LoadGl<PFNGLBINDBUFFERPROC>("glBindBuffer");
  PFNGLBUFFERDATAPROC buffer_data = LoadGl<PFNGLBUFFERDATAPROC>("glBufferData");
  PFNGLGETMULTISAMPLEFVPROC get_sample = LoadGl<PFNGLGETMULTISAMPLEFVPROC>("glGetMultisamplefv");
  decltype(&glVertexPointer) vertices = LoadGl<decltype(&glVertexPointer)>("glVertexPointer");
  decltype(&glNormalPointer) normals = LoadGl<decltype(&glNormalPointer)>("glNormalPointer");
  decltype(&glTexCoordPointer) texcoords =
      LoadGl<decltype(&glTexCoordPointer)>("glTexCoordPointer");
  decltype(&glEnableClientState) enable =
      LoadGl<decltype(&glEnableClientState)>("glEnableClientState");
  decltype(&glDisableClientState) disable =
      LoadGl<decltype(&glDisableClientState)>("glDisableClientState");
  decltype(&glDrawElements) draw = LoadGl<decltype(&glDrawElements)>("glDrawElements");
  decltype(&glGetFloatv) get_floats = LoadGl<decltype(&glGetFloatv)>("glGetFloatv");
  decltype(&glGetIntegerv) get_integers = LoadGl<decltype(&glGetIntegerv)>("glGetIntegerv");
  decltype(&glGetClipPlane) get_clip_plane = LoadGl<decltype(&glGetClipPlane)>("glGetClipPlane");
  decltype(&glIsEnabled) is_enabled = LoadGl<decltype(&glIsEnabled)>("glIsEnabled");
};

// pixels around the mirror's part that are drawn with it: llvmpipe gets a scissor's edge wrong
constexpr int kFrame = 2;

// x, y, width, height of the pixels a rectangle touches
std::array<int, 4> PartOf(const PixelRect& rect) {
  const auto left = static_cast<int>(rect.left), bottom = static_cast<int>(rect.bottom);
  return {left, bottom, static_cast<int>(std::ceil(rect.right)) - left,
          static_cast<int>(std::ceil(rect.top)) - bottom};
}

// a part of a picture and kFrame pixels around it
std::array<int, 4> Framed(const std::array<int, 4>& part, int height, int width) {
  const int left = std::max(0, part[0] - kFrame), bottom = std::max(0, part[1] - kFrame);
  return {left, bottom, std::min(width, part[0] + part[2] + kFrame) - left,
          std::min(height, part[1] + part[3] + kFrame) - bottom};
}

std::array<float, 16> Multiply(const std::array<float, 16>& a, const std::array<float, 16>& b) {
  std::array<float, 16> product{};
  for (int column = 0; column < 4; ++column) {
    for (int row = 0; row < 4; ++row) {
      for (int k = 0; k < 4; ++k) product[4 * column + row] += a[4 * k + row] * b[4 * column + k];
    }
  }
  return product;
}

std::vector<SamplePoint> SamplePoints() {
  const Gl& gl = Gl::Get();
  GLint count = 0;
  gl.get_integers(GL_SAMPLES, &count);
  if (count == 0) return {{0.5F, 0.5F}};
  std::vector<SamplePoint> points;
  for (GLint i = 0; gl.get_sample && i < count; ++i) {
    GLfloat at[2] = {};
    gl.get_sample(GL_SAMPLE_POSITION, i, at);
    points.push_back({at[0], at[1]});
  }
  return points;
}

}  // namespace

struct MeshPainter::Mesh {
  TriangleMesh triangles;
  bool textured = false;
  GLuint buffer = 0;  // of MeshCorner

  explicit Mesh(const std::vector<MeshCorner>& corners);
  ~Mesh() { Gl::Get().delete_buffers(1, &buffer); }
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;
};

MeshPainter::Mesh::Mesh(const std::vector<MeshCorner>& corners) {
  const size_t count = corners.size();
  std::vector<MeshCorner> distinct(count);
  triangles.vertex.resize(count);
  distinct.resize(meshopt_generateVertexRemap(triangles.vertex.data(), nullptr, count,
                                              corners.data(), count, sizeof(MeshCorner)));
  meshopt_remapVertexBuffer(distinct.data(), corners.data(), count, sizeof(MeshCorner),
                            triangles.vertex.data());

  std::vector<std::array<float, 3>> places(count);
  std::transform(corners.begin(), corners.end(), places.begin(),
                 [](const MeshCorner& corner) { return corner.position; });
  triangles.position.resize(count);
  const size_t positions = meshopt_generateVertexRemap(triangles.position.data(), nullptr, count,
                                                       places.data(), count, sizeof(places[0]));
  for (auto* axis : {&triangles.x, &triangles.y, &triangles.z}) axis->resize(positions);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t to = triangles.position[i];
    triangles.x[to] = places[i][0], triangles.y[to] = places[i][1], triangles.z[to] = places[i][2];
    for (int k = 0; k < 3; ++k) {
      triangles.low[k] = i == 0 ? places[i][k] : std::min(triangles.low[k], places[i][k]);
      triangles.high[k] = i == 0 ? places[i][k] : std::max(triangles.high[k], places[i][k]);
    }
  }

  const Gl& gl = Gl::Get();
  gl.gen_buffers(1, &buffer);
  gl.bind_buffer(GL_ARRAY_BUFFER, buffer);
  gl.buffer_data(GL_ARRAY_BUFFER, static_cast<GLsizeiptr>(distinct.size() * sizeof(MeshCorner)),
                 distinct.data(), GL_STATIC_DRAW);
  gl.bind_buffer(GL_ARRAY_BUFFER, 0);
}

MeshPainter::MeshPainter(const mjModel& model, const mjrContext& context)
    : model_(model), context_(context), samples_(SamplePoints()) {}

MeshPainter::~MeshPainter() = default;

void MeshPainter::Begin(const mjvScene& scene, int height, int width, Extent extent) {
  extent_ = extent;
  const PixelRect all = {0, 0, static_cast<float>(width), static_cast<float>(height)};
  const bool shadows = scene.flags[mjRND_SHADOW] && CastsShadows(scene);
  whole_ = shadows || scene.flags[mjRND_WIREFRAME] || scene.stereo != mjSTEREO_NONE;
  view_.width = width;
  view_.height = height;
  view_.shown = all;
  view_.one_sided = scene.flags[mjRND_CULL_FACE];
  view_.samples = samples_;
  // segments are drawn without multisampling
  if (scene.flags[mjRND_SEGMENT]) view_.samples = {};
  mirror_ = MirrorRect(scene, height, width);
  const bool seen = mirror_.left < mirror_.right && mirror_.bottom < mirror_.top;
  mirror_scissor_ = seen ? Framed(PartOf(mirror_), height, width) : std::array<int, 4>{};
  if (extent == Extent::kMirror) {
    mirror_part_ = PartOf(mirror_);
    scissor_ = mirror_scissor_;
    view_.shown = {static_cast<float>(scissor_[0]), static_cast<float>(scissor_[1]),
                   static_cast<float>(scissor_[0] + scissor_[2]),
                   static_cast<float>(scissor_[1] + scissor_[3])};
  }
}

bool MeshPainter::CallList(unsigned int list) {
  const unsigned int at = list - static_cast<unsigned int>(context_.baseMesh);
  if (at >= static_cast<unsigned int>(context_.rangeMesh) || at % 2 != 0) return false;
  const Mesh& mesh = Find(static_cast<int>(at / 2));
  if (whole_) {
    Draw(mesh, mesh.triangles.vertex);
    return true;
  }
  const Gl& gl = Gl::Get();
  std::array<float, 16> project, place;
  gl.get_floats(GL_PROJECTION_MATRIX, project.data());
  gl.get_floats(GL_MODELVIEW_MATRIX, place.data());
  TriangleView view = view_;
  view.clip = Multiply(project, place);
  // MuJoCo cuts off what lies behind the mirror while it draws mirrored things
  view.mirrored = gl.is_enabled(GL_CLIP_PLANE0);
  if (view.mirrored) {
    view.shown = mirror_;
    std::array<double, 4> plane;  // in the eye's frame
    gl.get_clip_plane(GL_CLIP_PLANE0, plane.data());
    for (int k = 0; k < 4; ++k) {
      double sum = 0;
      for (int row = 0; row < 4; ++row) sum += plane[row] * place[4 * k + row];
      view.beyond[k] = static_cast<float>(sum);
    }
  }
  const std::span<const uint32_t> corners = filter_.Select(mesh.triangles, view);
  if (!corners.empty()) Draw(mesh, corners);
  return true;
}

const MeshPainter::Mesh& MeshPainter::Find(int number) {
  std::unique_ptr<Mesh>& mesh = meshes_[number];
  if (!mesh) {
    std::vector<MeshCorner> corners;
    bool textured = false;
    {
      const ListRecording recording(corners, textured);
      mjr_uploadMesh(&model_, &context_, number);
    }
    mesh = std::make_unique<Mesh>(corners);
    mesh->textured = textured;
  }
  return *mesh;
}

void MeshPainter::Draw(const Mesh& mesh, std::span<const uint32_t> corners) {
  const auto offset = [](size_t bytes) { return reinterpret_cast<const void*>(bytes); };
  constexpr GLsizei kStride = sizeof(MeshCorner);
  const Gl& gl = Gl::Get();
  gl.bind_buffer(GL_ARRAY_BUFFER, mesh.buffer);
  gl.enable(GL_VERTEX_ARRAY);
  gl.vertices(3, GL_FLOAT, kStride, offset(offsetof(MeshCorner, position)));
  gl.enable(GL_NORMAL_ARRAY);
  gl.normals(GL_FLOAT, kStride, offset(offsetof(MeshCorner, normal)));
  if (mesh.textured) {
    gl.enable(GL_TEXTURE_COORD_ARRAY);
    gl.texcoords(2, GL_FLOAT, kStride, offset(offsetof(MeshCorner, texcoord)));
  }
  gl.draw(GL_TRIANGLES, static_cast<GLsizei>(corners.size()), GL_UNSIGNED_INT, corners.data());
  if (mesh.textured) gl.disable(GL_TEXTURE_COORD_ARRAY);
  gl.disable(GL_NORMAL_ARRAY);
  gl.disable(GL_VERTEX_ARRAY);
  gl.bind_buffer(GL_ARRAY_BUFFER, 0);
}

}  // namespace vega
