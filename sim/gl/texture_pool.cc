// Finding a texture by its content, halving it, letting MuJoCo upload it.

#include "sim/gl/texture_pool.h"

#include <GL/gl.h>
#include <GL/glext.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "sim/base/hash.h"
#include "sim/gl/gl_hooks.h"

namespace vega {
namespace {

constexpr size_t kKept = size_t{512} << 20;  // bytes, used ones included

using Names = void (*)(GLsizei, GLuint*);

void Generate(GLuint* name) {
  static const auto call = reinterpret_cast<Names>(GlFunction("glGenTextures"));
  call(1, name);
}

void Delete(GLuint name) {
  static const auto call = reinterpret_cast<Names>(GlFunction("glDeleteTextures"));
  call(1, &name);
}

// Texels of the nearest mipmap where MuJoCo asks for a mean over two.
void ReadOneMipmap(GLuint name, bool cube) {
  static const auto bind = LoadGl<decltype(&glBindTexture)>("glBindTexture");
  static const auto parameter = LoadGl<decltype(&glTexParameteri)>("glTexParameteri");
  const GLenum target = cube ? GL_TEXTURE_CUBE_MAP : GL_TEXTURE_2D;
  bind(target, name);
  parameter(target, GL_TEXTURE_MIN_FILTER, GL_LINEAR_MIPMAP_NEAREST);
  bind(target, 0);
}

// One texture of a model: a picture, or a cube's six below one another, or one for all six.
struct Texels {
  int width, height, channels;
  std::vector<uint8_t> halved;  // empty: as the model has them
  const uint8_t* data;

  int faces(bool cube) const { return cube && width != height ? 6 : 1; }

  // each texel the mean of four; a last odd row or column is left out, as in mipmaps
  void Halve(bool cube) {
    const int count = faces(cube), rows = height / count;
    const int to_width = width / 2, to_rows = rows / 2;
    std::vector<uint8_t> to(size_t(to_width) * to_rows * count * channels);
    uint8_t* out = to.data();
    for (int face = 0; face < count; ++face) {
      for (int y = 0; y < to_rows; ++y) {
        const uint8_t* upper = data + size_t(face * rows + 2 * y) * width * channels;
        const uint8_t* lower = upper + size_t(width) * channels;
        for (int x = 0; x < to_width; ++x, upper += 2 * channels, lower += 2 * channels) {
          for (int c = 0; c < channels; ++c) {
            *out++ = static_cast<uint8_t>(
                (upper[c] + upper[c + channels] + lower[c] + lower[c + channels] + 2) / 4);
          }
        }
      }
    }
    width = to_width;
    height = to_rows * count;
    halved = std::move(to);
    data = halved.data();
  }
};

}  // namespace

void TexturePool::Fill(const mjModel& model, const std::vector<bool>& used, mjrContext& context) {
  for (int i = 0; i < context.ntexture; ++i) {
    if (!used[i]) continue;
    Delete(context.texture[i]);
    context.texture[i] = Find(model, i, context);
  }
}

void TexturePool::Release(mjrContext& context) {
  for (int i = 0; i < context.ntexture; ++i) {
    const auto found =
        std::find_if(textures_.begin(), textures_.end(),
                     [&](const Texture& texture) { return texture.name == context.texture[i]; });
    if (found == textures_.end()) continue;
    --found->users;
    context.texture[i] = 0;
  }
  Shrink(kKept);
}

unsigned int TexturePool::Find(const mjModel& model, int i, mjrContext& context) {
  const bool cube = model.tex_type[i] != mjTEXTURE_2D;
  Texels texels = {model.tex_width[i],
                   model.tex_height[i],
                   model.tex_nchannel[i],
                   {},
                   model.tex_data + model.tex_adr[i]};
  const size_t bytes = size_t(texels.width) * texels.height * texels.channels;
  const std::array<int, 4> shape = {texels.width, texels.height, texels.channels,
                                    model.tex_type[i]};
  const uint64_t content = FastHash64(std::as_bytes(std::span(texels.data, bytes))) ^
                           FastHash64(std::as_bytes(std::span(shape)));
  const auto found = std::find_if(textures_.begin(), textures_.end(), [&](const Texture& texture) {
    return texture.content == content && texture.bytes == bytes;
  });
  if (found != textures_.end()) {
    textures_.splice(textures_.begin(), textures_, found);
    ++found->users;
    return found->name;
  }

  const int longest = detail_.longest_side;
  while (longest > 0 && texels.width > longest && texels.height / texels.faces(cube) > 1) {
    texels.Halve(cube);
  }
  GLuint name = 0;
  Generate(&name);
  // MuJoCo reads its model at number i
  mjModel view = model;
  const auto at = [&](auto value) { return std::vector<decltype(value)>(i + 1, value); };
  auto width = at(texels.width), height = at(texels.height);
  auto from = at(std::remove_pointer_t<decltype(view.tex_adr)>(0));
  view.tex_width = width.data();
  view.tex_height = height.data();
  view.tex_adr = from.data();
  view.tex_data = const_cast<mjtByte*>(texels.data);
  const GLuint before = std::exchange(context.texture[i], name);
  mjr_uploadTexture(&view, &context, i);
  context.texture[i] = before;
  if (!detail_.between_mipmaps) ReadOneMipmap(name, cube);
  textures_.push_front({content, bytes, name, 1});
  return name;
}

void TexturePool::Shrink(size_t bytes) {
  size_t kept = 0;
  textures_.remove_if([&](const Texture& texture) {
    kept += texture.bytes;
    if (texture.users > 0 || kept <= bytes) return false;
    Delete(texture.name);
    kept -= texture.bytes;
    return true;
  });
}

}  // namespace vega
