// Textures on the GL side by what is in them, shared by the models that have them.
//
// Uploading a scene's textures and making their mipmaps takes most of its first picture, and the
// tasks of a suite have most textures in common, some twice.

#pragma once

#include <mujoco/mujoco.h>

#include <cstdint>
#include <list>
#include <vector>

namespace vega {

// How much of a texture is kept, and how it is read.
struct TextureDetail {
  int longest_side = 0;  // texels; a smaller version of larger textures is uploaded; 0: as they are
  bool between_mipmaps = true;  // false: texels of the nearest mipmap, not of the two nearest
};

// All functions need the one context the pool is used with current. Textures nobody uses are kept
// while the pool is small, the latest used longest.
class TexturePool {
 public:
  explicit TexturePool(const TextureDetail& detail) : detail_(detail) {}

  // Gives `context`, which was made of a model with the same number of textures, those of `model`
  // that `used` says, and leaves it its own others.
  void Fill(const mjModel& model, const std::vector<bool>& used, mjrContext& context);
  // Takes them back, to be done before the context is freed.
  void Release(mjrContext& context);
  // Deletes what nobody uses.
  void Clear() { Shrink(0); }

  size_t size() const { return textures_.size(); }

 private:
  struct Texture {
    uint64_t content;
    size_t bytes;
    unsigned int name;
    int users = 0;
  };
  unsigned int Find(const mjModel& model, int texture, mjrContext& context);
  void Shrink(size_t bytes);

  TextureDetail detail_;
  std::list<Texture> textures_;  // most recently taken first
};

}  // namespace vega
