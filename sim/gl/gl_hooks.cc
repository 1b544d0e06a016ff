// Functions in place of OpenGL's, and the one that hands them out.

#include "sim/gl/gl_hooks.h"

#include <EGL/egl.h>
#include <GL/gl.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstring>

namespace vega {
namespace {

using Function = void (*)();

thread_local std::vector<MeshCorner>* recorded = nullptr;
thread_local bool* recorded_textured = nullptr;
thread_local MeshCorner corner;  // as last stated
thread_local GlListener* listener = nullptr;

// OpenGL's own
struct Originals {
  void (*call_list)(GLuint);
  void (*clear)(GLbitfield);
  void (*scissor)(GLint, GLint, GLsizei, GLsizei);
  void (*enable)(GLenum);
  void (*disable)(GLenum);
  void (*new_list)(GLuint, GLenum);
  void (*end_list)();
  void (*delete_lists)(GLuint, GLsizei);
  void (*begin)(GLenum);
  void (*end)();
  void (*vertex)(const GLfloat*);
  void (*normal)(const GLfloat*);
  void (*texcoord)(const GLfloat*);
};

Originals original;

void CallList(GLuint list) {
  if (!listener || !listener->CallList(list)) original.call_list(list);
}
void Clear(GLbitfield buffers) {
  if (!listener || !listener->Clear()) original.clear(buffers);
}
// MuJoCo clears the viewport through a scissor and ends that afterwards
void Scissor(GLint x, GLint y, GLsizei width, GLsizei height) {
  const std::array<int, 4>* part = listener ? listener->Scissor() : nullptr;
  if (part) return original.scissor((*part)[0], (*part)[1], (*part)[2], (*part)[3]);
  original.scissor(x, y, width, height);
}
// MuJoCo cuts off what lies behind the mirror while it draws mirrored things, at no other time
void Enable(GLenum what) {
  original.enable(what);
  const bool mirrors = what == GL_CLIP_PLANE0 && listener;
  const std::array<int, 4>* part = mirrors ? listener->MirrorScissor() : nullptr;
  if (!part) return;
  original.enable(GL_SCISSOR_TEST);
  original.scissor((*part)[0], (*part)[1], (*part)[2], (*part)[3]);
}
void Disable(GLenum what) {
  if (what == GL_SCISSOR_TEST && listener && listener->Scissor()) return;
  original.disable(what);
  if (what == GL_CLIP_PLANE0 && listener && listener->MirrorScissor()) {
    original.disable(GL_SCISSOR_TEST);
  }
}
void NewList(GLuint list, GLenum mode) {
  if (!recorded) original.new_list(list, mode);
}
void EndList() {
  if (!recorded) original.end_list();
}
void DeleteLists(GLuint list, GLsizei range) {
  if (!recorded) original.delete_lists(list, range);
}
void Begin(GLenum mode) {
  if (!recorded) original.begin(mode);
}
void End() {
  if (!recorded) original.end();
}
void Vertex(const GLfloat* v) {
  if (!recorded) return original.vertex(v);
  std::copy_n(v, 3, corner.position.begin());
  recorded->push_back(corner);
}
void Normal(const GLfloat* v) {
  if (!recorded) return original.normal(v);
  std::copy_n(v, 3, corner.normal.begin());
}
void Texcoord(const GLfloat* v) {
  if (!recorded) return original.texcoord(v);
  std::copy_n(v, 2, corner.texcoord.begin());
  *recorded_textured = true;
}

struct Hook {
  const char* name;
  Function ours;
  Function* original;
};

template <typename F>
Hook Make(const char* name, F* ours, F*& original) {
  return {name, reinterpret_cast<Function>(ours), reinterpret_cast<Function*>(&original)};
}

const Hook* FindHook(const char* name) {
  static const Hook hooks[] = {
      Make("glCallList", CallList, original.call_list),
      Make("glClear", Clear, original.clear),
      Make("glScissor", Scissor, original.scissor),
      Make("glEnable", Enable, original.enable),
      Make("glDisable", Disable, original.disable),
      Make("glNewList", NewList, original.new_list),
      Make("glEndList", EndList, original.end_list),
      Make("glDeleteLists", DeleteLists, original.delete_lists),
      Make("glBegin", Begin, original.begin),
      Make("glEnd", End, original.end),
      Make("glVertex3fv", Vertex, original.vertex),
      Make("glNormal3fv", Normal, original.normal),
      Make("glTexCoord2fv", Texcoord, original.texcoord),
  };
  for (const Hook& hook : hooks) {
    if (std::strcmp(name, hook.name) == 0) return &hook;
  }
  return nullptr;
}

}  // namespace

bool GlCallsPassHere() {
  static const bool here =
      dlsym(RTLD_DEFAULT, "eglGetProcAddress") == reinterpret_cast<void*>(&eglGetProcAddress);
  return here;
}

ListRecording::ListRecording(std::vector<MeshCorner>& corners, bool& textured) {
  corner = {};
  recorded_textured = &textured;
  recorded = &corners;
}

ListRecording::~ListRecording() { recorded = nullptr; }

GlListening::GlListening(GlListener& hears) { listener = &hears; }

GlListening::~GlListening() {
  const bool scissored = listener->Scissor();
  listener = nullptr;
  if (scissored) original.disable(GL_SCISSOR_TEST);
}

Function GlFunction(const char* name) {
  static const auto egl =
      reinterpret_cast<Function (*)(const char*)>(dlsym(RTLD_NEXT, "eglGetProcAddress"));
  return egl(name);
}

void FinishDrawing() {
  static const auto finish = LoadGl<decltype(&glFinish)>("glFinish");
  finish();
}

}  // namespace vega

// --- in place of EGL's own -----------------------------------------------------------------------

extern "C" __eglMustCastToProperFunctionPointerType eglGetProcAddress(const char* name) {
  const auto own = vega::GlFunction(name);
  const vega::Hook* hook = vega::FindHook(name);
  if (own == nullptr || hook == nullptr) return own;
  *hook->original = own;
  return hook->ours;
}
