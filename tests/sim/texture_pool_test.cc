// Textures are shared by what is in them. Skipped aloud without an OpenGL driver.
#include "sim/gl/texture_pool.h"

#include <GL/gl.h>

#include <catch2/catch.hpp>
#include <memory>

#include "sim/egl_context.h"
#include "sim/gl/gl_hooks.h"
#include "sim/render_model.h"
#include "tests/sim/opengl.h"
#include "tests/sim/panda_scene.h"

namespace vega {
namespace {

// two textures alike, one not, one that nothing drawn has
ModelPtr Model(const std::string& color) {
  const auto texture = [](const std::string& name, const std::string& rgb) {
    return "<texture name='" + name + "' type='2d' builtin='checker' rgb1='" + rgb +
           "' rgb2='1 1 1' width='2048' height='2048'/><material name='" + name + "' texture='" +
           name + "'/>";
  };
  return CompileMjcf("<mujoco><asset>" + texture("a", "1 0 0") + texture("b", "1 0 0") +
                         texture("c", color) + texture("d", "0 1 1") +
                         "</asset><worldbody><light pos='0 0 5'/>"
                         "<geom group='1' type='box' size='1 1 1' material='a'/>"
                         "<geom group='1' type='box' size='1 1 1' pos='0 3 0' material='b'/>"
                         "<geom group='1' type='box' size='1 1 1' pos='0 6 0' material='c'/>"
                         "<geom group='0' type='box' size='1 1 1' pos='0 9 0' material='d'/>"
                         "</worldbody></mujoco>",
                     "textures");
}

struct Context {
  Context(const ModelPtr& of, TexturePool& fills)
      : model(of), pool(fills), drawn(*of, RenderQuality::kExact, 16, 16) {
    mjr_defaultContext(&context);
    mjr_makeContext(&drawn.model(), &context, mjFONTSCALE_100);
    pool.Fill(drawn.model(), drawn.UsedTextures(), context);
  }
  ~Context() {
    pool.Release(context);
    mjr_freeContext(&context);
  }
  ModelPtr model;
  TexturePool& pool;
  RenderModel drawn;
  mjrContext context;
};

GLint Parameter(unsigned int texture, GLenum name, GLint level = -1) {
  GLint value = 0;
  LoadGl<decltype(&glBindTexture)>("glBindTexture")(GL_TEXTURE_2D, texture);
  if (level < 0) {
    LoadGl<decltype(&glGetTexParameteriv)>("glGetTexParameteriv")(GL_TEXTURE_2D, name, &value);
  } else {
    LoadGl<decltype(&glGetTexLevelParameteriv)>("glGetTexLevelParameteriv")(GL_TEXTURE_2D, level,
                                                                            name, &value);
  }
  return value;
}

TEST_CASE("Textures with the same content are uploaded once and stay for the next model",
          "[sim][render]") {
  const auto gl = OpenOrSkip<EglContext>();
  if (!gl) return;
  const EglContext::Binding binding(*gl);
  TexturePool pool({});
  unsigned int shared = 0;
  {
    const Context first(Model("0 0 1"), pool);
    CHECK(pool.size() == 2);
    CHECK(first.context.texture[0] == first.context.texture[1]);
    CHECK(first.context.texture[0] != first.context.texture[2]);
    shared = first.context.texture[0];
    const Context second(Model("0 1 0"), pool);
    CHECK(pool.size() == 3);
    CHECK(second.context.texture[0] == shared);
    pool.Clear();
    CHECK(pool.size() == 3);  // all in use
  }
  CHECK(pool.size() == 3);
  {
    const Context third(Model("0 0 1"), pool);
    CHECK(third.context.texture[0] == shared);
    CHECK(pool.size() == 3);
    pool.Clear();
    CHECK(pool.size() == 2);
  }
  pool.Clear();
  CHECK(pool.size() == 0);
  CHECK(mjr_getError() == 0);
}

TEST_CASE("Textures are kept and read as finely as was asked for", "[sim][render]") {
  const auto gl = OpenOrSkip<EglContext>();
  if (!gl) return;
  const EglContext::Binding binding(*gl);
  TexturePool exact({}), coarse({.longest_side = 512, .between_mipmaps = false});
  const Context fine(Model("0 0 1"), exact), rough(Model("0 0 1"), coarse);
  const unsigned int a = fine.context.texture[0], b = rough.context.texture[0];
  CHECK(Parameter(a, GL_TEXTURE_WIDTH, 0) == 2048);
  CHECK(Parameter(a, GL_TEXTURE_MIN_FILTER) == GL_LINEAR_MIPMAP_LINEAR);
  CHECK(Parameter(b, GL_TEXTURE_WIDTH, 0) == 512);
  CHECK(Parameter(b, GL_TEXTURE_MIN_FILTER) == GL_LINEAR_MIPMAP_NEAREST);
  CHECK(mjr_getError() == 0);
}

}  // namespace
}  // namespace vega
