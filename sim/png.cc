// PNG by stb.

#include "sim/png.h"

#include <stb/stb_image.h>
#include <stb/stb_image_write.h>

#include <limits>
#include <memory>

#include "sim/base/error.h"
#include "sim/base/file.h"

namespace vega {

std::vector<std::byte> EncodePng(const Image& image) {
  if (image.empty()) throw Error("an empty image has no PNG");
  std::vector<std::byte> png;
  const auto append = [](void* to, void* data, int size) {
    const auto* bytes = static_cast<const std::byte*>(data);
    static_cast<std::vector<std::byte>*>(to)->insert(
        static_cast<std::vector<std::byte>*>(to)->end(), bytes, bytes + size);
  };
  if (!stbi_write_png_to_func(append, &png, image.width, image.height, 3, image.pixels.data(),
                              3 * image.width)) {
    throw Error("an image of " + std::to_string(image.height) + " x " +
                std::to_string(image.width) + " pixels cannot be made a PNG");
  }
  return png;
}

Image DecodePng(std::span<const std::byte> bytes, const std::string& name) {
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    throw Error(name + ": too large for a PNG");
  }
  Image image;
  int channels = 0;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()),
                            static_cast<int>(bytes.size()), &image.width, &image.height, &channels,
                            3),
      stbi_image_free);
  if (!pixels) throw Error(name + ": not a readable PNG: " + stbi_failure_reason());
  image.pixels.assign(pixels.get(), pixels.get() + size_t{3} * image.height * image.width);
  return image;
}

void WritePng(const std::filesystem::path& file, const Image& image) {
  const std::vector<std::byte> png = EncodePng(image);
  AtomicFile out(file);
  out.Write(png);
  out.Commit();
}

Image ReadPng(const std::filesystem::path& file) {
  const MappedFile png(file);
  return DecodePng(png.bytes(), file.string());
}

}  // namespace vega
