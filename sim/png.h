// PNG files of images.

#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "sim/image.h"

namespace vega {

// The bytes of a PNG file. Throws Error when the image is empty.
std::vector<std::byte> EncodePng(const Image& image);
// The picture in a PNG file's bytes, alpha dropped. Throws Error naming `name` when it is not one.
Image DecodePng(std::span<const std::byte> bytes, const std::string& name);

// Throws Error naming the file when it cannot be written; it then does not exist.
void WritePng(const std::filesystem::path& file, const Image& image);
// Throws Error naming the file when it cannot be read or is no PNG.
Image ReadPng(const std::filesystem::path& file);

}  // namespace vega
