// MuJoCo's calls to OpenGL, as far as something else is to happen in their place.
//
// MuJoCo asks eglGetProcAddress for each OpenGL function. That is a public symbol, so the one
// defined here takes its place: for the few functions below it hands out ones of ours, which call
// OpenGL's unless this thread listens; for all others it answers as EGL does.

#pragma once

#include <array>
#include <functional>
#include <vector>

namespace vega {

// A corner of a triangle as MuJoCo states it.
struct MeshCorner {
  std::array<float, 3> position, normal;
  std::array<float, 2> texcoord;
};

// Whether MuJoCo's calls pass through here; false where its functions were loaded otherwise.
bool GlCallsPassHere();

// While it lives, triangles that this thread compiles into display lists go to `corners` instead,
// three each, list after list, and lists stay as they are. `textured` becomes true when corners
// have texture coordinates.
class ListRecording {
 public:
  ListRecording(std::vector<MeshCorner>& corners, bool& textured);
  ~ListRecording();
  ListRecording(const ListRecording&) = delete;
  ListRecording& operator=(const ListRecording&) = delete;
};

// What MuJoCo draws, for someone who draws it otherwise. True: the call is not to be made.
class GlListener {
 public:
  virtual ~GlListener() = default;
  virtual bool CallList(unsigned int list) = 0;
  virtual bool Clear() = 0;
  // The part of the buffer that may change, x, y, width, height; null: all of the viewport.
  virtual const std::array<int, 4>* Scissor() const = 0;
  // The part that mirrored things may show in; null: not known.
  virtual const std::array<int, 4>* MirrorScissor() const = 0;
};

// While it lives, `listener` hears this thread's calls.
class GlListening {
 public:
  explicit GlListening(GlListener& listener);
  ~GlListening();
  GlListening(const GlListening&) = delete;
  GlListening& operator=(const GlListening&) = delete;
};

// EGL's own function of that name, null where there is none.
void (*GlFunction(const char* name))();
// The same with its type.
template <typename F>
F LoadGl(const char* name) {
  return reinterpret_cast<F>(GlFunction(name));
}

// Waits until all that was asked for is drawn. Before buffers are copied or read, and after: while
// Mesa's software renderer draws on threads of its own, copying, reading and binding a texture look
// through lists that those threads free when they are done (Mesa 22.3, a crash in some 100,000
// pictures).
void FinishDrawing();

}  // namespace vega
